import type { TenantScope } from "./tenant-scope"

/**
 * Makes a middleware that handles each request for its tenant, with all that comes after it: guards,
 * interceptors, handler and filters.
 *
 * @param tenants - the keys of the tenants
 * @param tenantOf - returns the tenant of a request, or `undefined` if it has none, which then has no
 * keys; what it throws is the answer
 *
 * @example
 * ```ts
 * consumer.apply(tenantMiddleware(this.tenants, ({ hostname }) => hostname)).forRoutes("*path")
 * ```
 */
export function tenantMiddleware<Request>(
  tenants: TenantScope,
  tenantOf: (request: Request) => Promise<string | undefined> | string | undefined,
): (request: Request, response: unknown, next: (error?: unknown) => void) => Promise<void> {
  return async (request, _response, next) => {
    try {
      const tenant = await tenantOf(request)
      if (tenant === undefined) next()
      else
        await tenants.run(tenant, () => {
          next()
        })
    } catch (error) {
      next(error)
    }
  }
}
