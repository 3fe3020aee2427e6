import { AsyncLocalStorage } from "node:async_hooks"
import { describe, expect, test } from "@jest/globals"

import { TenantInterceptor, tenantMiddleware, type TenantScope } from "../../src/nestjs"

interface Request {
  readonly tenant?: string
}

const storage = new AsyncLocalStorage<string>()
const tenants: TenantScope = {
  run: async (tenant, work) => {
    if (tenant === "unknown") throw new Error("unknown")
    return storage.run(tenant, work)
  },
}
const tenantOf = ({ tenant }: Request): string | undefined => {
  if (tenant === "refused") throw new Error("refused")
  return tenant
}
const requestOf = (tenant?: string) => ({
  switchToHttp: () => ({ getRequest: () => (tenant === undefined ? {} : { tenant }) }),
})

/** A stream that tells which tenant it was made for, and which it was subscribed to for. */
const streamFrom = (made = storage.getStore()) => ({
  subscribe: () => [made, storage.getStore()],
})

describe("TenantInterceptor", () => {
  const interceptor = new TenantInterceptor(tenants, tenantOf)
  const handle = { handle: () => streamFrom() }

  test("handles a request for its tenant, and what is subscribed to later", async () => {
    const stream = await interceptor.intercept(requestOf("clinic"), handle)

    expect(storage.run("other", () => stream.subscribe())).toEqual(["clinic", "clinic"])
  })

  test("handles a request without a tenant for none", async () => {
    const stream = await interceptor.intercept(requestOf(), handle)

    expect(stream.subscribe()).toEqual([undefined, undefined])
  })

  test.each(["refused", "unknown"])("handles nothing of a request that is %s", async (tenant) => {
    let handled = false
    const handling = interceptor.intercept(requestOf(tenant), {
      handle: () => {
        handled = true
        return streamFrom()
      },
    })

    await expect(handling).rejects.toThrow(tenant)
    expect(handled).toBe(false)
  })

  test("finds the tenant by the context where there is no request", async () => {
    const message = { ...requestOf(), pattern: "clinic" }
    const byPattern = new TenantInterceptor(
      tenants,
      (_: unknown, context: typeof message) => context.pattern,
    )

    const stream = await byPattern.intercept(message, handle)

    expect(stream.subscribe()).toEqual(["clinic", "clinic"])
  })
})

describe("tenantMiddleware", () => {
  const middleware = tenantMiddleware(tenants, tenantOf)

  /** What comes next is told: the tenant, and the error. */
  async function next(request: Request): Promise<unknown[]> {
    const told: unknown[] = []
    await middleware(request, {}, (error?: unknown) => {
      told.push(storage.getStore(), error)
    })
    return told
  }

  test("goes on for the tenant", async () => {
    expect(await next({ tenant: "clinic" })).toEqual(["clinic", undefined])
  })

  test("goes on for none where the request has none", async () => {
    expect(await next({})).toEqual([undefined, undefined])
  })

  test.each(["refused", "unknown"])(
    "goes on with the error of a request that is %s",
    async (tenant) => {
      expect(await next({ tenant })).toEqual([undefined, new Error(tenant)])
    },
  )
})
