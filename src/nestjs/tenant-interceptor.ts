import { AsyncResource } from "node:async_hooks"

import type { TenantScope } from "./tenant-scope"

/** What is used of Nest's `ExecutionContext`. */
export interface RequestContext {
  /** Returns what holds the request. */
  switchToHttp(): {
    /** Returns the request. */
    getRequest(): unknown
  }
}

/** What is used of an `Observable`. */
export interface Subscribable {
  /** Begins it. */
  subscribe(...observer: unknown[]): unknown
}

/** Finds the tenant of a request, or `undefined` if it has none; what it throws is the answer. */
export type TenantOf<Request, Context> = (
  request: Request,
  context: Context,
) => Promise<string | undefined> | string | undefined

/**
 * An interceptor that handles each request for its tenant: pipes, handler, and what these return,
 * streams of events included. Guards come before it, so that the tenant may be of the account that they
 * found; where they need the keys themselves, take `tenantMiddleware`.
 *
 * @example
 * ```ts
 * {
 *   provide: APP_INTERCEPTOR,
 *   inject: [TenantKeys],
 *   useFactory: (tenants: TenantKeys) => new TenantInterceptor(tenants, ({ user }) => user?.tenant),
 * }
 * ```
 */
export class TenantInterceptor<Request, Context extends RequestContext = RequestContext> {
  readonly #tenants: TenantScope
  readonly #tenantOf: TenantOf<Request, Context>

  /**
   * @param tenants - the keys of the tenants
   * @param tenantOf - returns the tenant of a request, or `undefined` if it has none, which then has no
   * keys; what it throws is the answer. What is not HTTP is told by the context
   */
  constructor(tenants: TenantScope, tenantOf: TenantOf<Request, Context>) {
    this.#tenants = tenants
    this.#tenantOf = tenantOf
  }

  /** Handles a request, as `NestInterceptor` has it. */
  async intercept<Stream extends Subscribable>(
    context: Context,
    next: { handle(): Stream },
  ): Promise<Stream> {
    const request = context.switchToHttp().getRequest() as Request
    const tenant = await this.#tenantOf(request, context)
    if (tenant === undefined) return next.handle()
    return this.#tenants.run(tenant, () => bindHere(next.handle()))
  }
}

/** Has a stream that is subscribed to later, as one of events is, go on in the context of this call. */
function bindHere<Stream extends Subscribable>(stream: Stream): Stream {
  stream.subscribe = AsyncResource.bind(stream.subscribe.bind(stream))
  return stream
}
