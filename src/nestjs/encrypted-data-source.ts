import { DataSource, type DataSourceOptions } from "typeorm"

import { EncryptionError } from "../errors"
import { type EncryptionOptions, withEncryption } from "../binding/with-encryption"

/** What a factory gives `TypeOrmModule`: its own options, TypeORM's, and those of `withEncryption`. */
export type EncryptedDataSourceOptions = Partial<DataSourceOptions> & {
  /** How the columns are encrypted. Defaults to the keys in `ENCRYPTION_KEY`. */
  readonly encryption?: EncryptionOptions
  /** As in `TypeOrmModule`. */
  readonly name?: string
  /** As in `TypeOrmModule`. */
  readonly retryAttempts?: number
  /** As in `TypeOrmModule`, in milliseconds. */
  readonly retryDelay?: number
  /** As in `TypeOrmModule`; not asked of what a new attempt cannot mend. */
  readonly toRetry?: (error: unknown) => boolean
  /** As in `TypeOrmModule`. */
  readonly autoLoadEntities?: boolean
  /** As in `TypeOrmModule`. */
  readonly verboseRetryLog?: boolean
  /** As in `TypeOrmModule`. */
  readonly manualInitialization?: boolean
}

/** A class that makes such options, as `TypeOrmOptionsFactory` is one of `TypeOrmModule`. */
export interface EncryptedModuleOptionsFactory {
  /** Makes the options of the DataSource of this name, which the default one has not. */
  createTypeOrmOptions(
    name?: string,
  ): EncryptedDataSourceOptions | Promise<EncryptedDataSourceOptions>
}

/** The class itself. */
export type EncryptedModuleOptionsClass = new (
  ...injected: never[]
) => EncryptedModuleOptionsFactory

type Options = EncryptedDataSourceOptions

/**
 * What `TypeOrmModule.forRootAsync` takes, with factories that may say beside the other options how
 * columns are encrypted.
 */
export interface EncryptedModuleOptions<Imports, Provider> {
  /** The name of the DataSource, where there are several. */
  readonly name?: string
  /** Modules whose providers are injected into the factory. */
  readonly imports?: Imports
  /** Makes the options, from what is injected. */
  readonly useFactory?: (...injected: never[]) => Options | Promise<Options>
  /** What is injected into `useFactory`. */
  readonly inject?: unknown[]
  /** A class that makes the options. */
  readonly useClass?: EncryptedModuleOptionsClass
  /** A provider that makes the options. */
  readonly useExisting?: EncryptedModuleOptionsClass
  /** Makes the DataSource, which is then bound. Defaults to `new DataSource(options)`. */
  readonly dataSourceFactory?: (options?: DataSourceOptions) => Promise<DataSource>
  /** Providers that the module has beside its own. */
  readonly extraProviders?: Provider[]
}

/** What `TypeOrmModule.forRootAsync` takes, whose DataSource is bound. */
export interface BoundModuleOptions<Imports, Provider> {
  readonly name?: string
  readonly imports?: Imports
  readonly inject: unknown[]
  readonly extraProviders: (
    Provider | { provide: EncryptedModuleOptionsClass; useClass: EncryptedModuleOptionsClass }
  )[]
  /** Makes the options, and has no attempt repeated that can only fail again. */
  useFactory(...injected: unknown[]): Promise<Options>
  /** Makes the DataSource, and binds it. */
  dataSourceFactory(options?: DataSourceOptions): Promise<DataSource>
}

/**
 * Gives `TypeOrmModule.forRootAsync` a DataSource whose columns are encrypted. What is wrong with keys
 * or the model ends the start of the application at once: `TypeOrmModule` would try it again, ten
 * times, as a database that cannot be reached.
 *
 * @throws TypeError if the options are made by nothing
 *
 * @example
 * ```ts
 * TypeOrmModule.forRootAsync(
 *   encryptedDataSource({
 *     inject: [ConfigService],
 *     useFactory: (config: ConfigService) => ({
 *       type: "postgres",
 *       url: config.getOrThrow("DATABASE_URL"),
 *       autoLoadEntities: true,
 *       encryption: { keyring: () => secrets.read("patients/encryption-key") },
 *     }),
 *   }),
 * )
 * ```
 */
export function encryptedDataSource<Imports = never, Provider = never>(
  options: EncryptedModuleOptions<Imports, Provider>,
): BoundModuleOptions<Imports, Provider> {
  const { name, useFactory, useClass, useExisting, dataSourceFactory, ...others } = options
  const factory = useClass ?? useExisting
  if (!useFactory && !factory) {
    throw new TypeError("encryptedDataSource() takes a useFactory, a useClass or a useExisting.")
  }
  const inject = useFactory ? (options.inject ?? []) : [factory]
  const own = useClass && !useFactory ? [{ provide: useClass, useClass }] : []
  return {
    ...others,
    ...(name !== undefined && { name }),
    inject,
    extraProviders: [...(options.extraProviders ?? []), ...own],
    async useFactory(...injected) {
      const made = useFactory
        ? await useFactory(...(injected as never[]))
        : await (injected[0] as EncryptedModuleOptionsFactory).createTypeOrmOptions(name)
      const { toRetry } = made
      return {
        // By it Nest 11 finds the DataSource that it is to close
        ...(name !== undefined && { name }),
        ...made,
        toRetry: (error: unknown) => mayPass(error) && (toRetry === undefined || toRetry(error)),
      }
    },
    async dataSourceFactory(given) {
      const { encryption, ...typeormOptions } = { ...given } as Options
      const made = typeormOptions as DataSourceOptions
      const dataSource = dataSourceFactory ? await dataSourceFactory(made) : new DataSource(made)
      return withEncryption(dataSource, encryption)
    },
  }
}

/** Whether what ended an attempt may be over at the next one, as it may of what a database answers. */
function mayPass(error: unknown): boolean {
  return !(error instanceof EncryptionError) || error.code === "ERR_STATEMENT_FAILED"
}
