export {
  type BoundModuleOptions,
  encryptedDataSource,
  type EncryptedDataSourceOptions,
  type EncryptedModuleOptions,
  type EncryptedModuleOptionsClass,
  type EncryptedModuleOptionsFactory,
} from "./encrypted-data-source"
export {
  type EncryptionHealth,
  encryptionHealth,
  type EncryptionHealthOptions,
} from "./encryption-health"
export {
  type RequestContext,
  type Subscribable,
  TenantInterceptor,
  type TenantOf,
} from "./tenant-interceptor"
export { tenantMiddleware } from "./tenant-middleware"
export type { TenantScope } from "./tenant-scope"
