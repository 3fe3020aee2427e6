import "reflect-metadata"

import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"

import {
  type CanActivate,
  ForbiddenException,
  type INestApplication,
  type MiddlewareConsumer,
  Module,
  type NestModule,
} from "@nestjs/common"
import { APP_GUARD, APP_INTERCEPTOR } from "@nestjs/core"
import { Test } from "@nestjs/testing"
import { DataSource } from "typeorm"
import { generateKey, Keyring, TenantKeys } from "typeorm-fernet"
import { TenantInterceptor, tenantMiddleware } from "typeorm-fernet/nestjs"

import { Patient } from "./patient.js"
import {
  Secrets,
  TenantDatabaseModule,
  TenantKeysModule,
  TenantPatientsModule,
  type TenantRequest,
  TenantsModule,
} from "./tenants.module.js"

const SSN = "078-05-1120"
const tenantsOf = (count: number) => Array.from({ length: count }, (_, index) => `tenant-${index}`)

interface Answer {
  readonly status: number
  readonly body: string
}

/** Starts an application of these modules, and returns how it is asked. */
async function start(...imports: unknown[]) {
  const modules = [...imports, TenantPatientsModule] as never[]
  const module = await Test.createTestingModule({ imports: modules }).compile()
  const application = module.createNestApplication({ logger: false })
  await application.listen(0, "127.0.0.1")
  const url = await application.getUrl()
  const ask = async (tenant: string | undefined, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(`${url}/patients${path}`, {
      ...(body && { method: "POST", body: JSON.stringify(body) }),
      headers: { "content-type": "application/json", ...(tenant && { "x-tenant": tenant }) },
    })
    return { status: response.status, body: await response.text() }
  }
  return { application, ask }
}

const idsOf = ({ body }: Answer) => (JSON.parse(body) as Patient[]).map(({ id }) => id)

describe("the interceptor", () => {
  let application: INestApplication
  let ask: Awaited<ReturnType<typeof start>>["ask"]

  before(async () => {
    ;({ application, ask } = await start(TenantsModule))
  })

  after(() => application.close())

  test("keeps the requests of many tenants apart while they run at once", async () => {
    const tenants = tenantsOf(20)
    const rounds = Array.from({ length: 5 }, () => tenants).flat()

    const created = await Promise.all(rounds.map((tenant) => ask(tenant, "", { ssn: SSN })))
    const found = await Promise.all(rounds.map((tenant) => ask(tenant, `?ssn=${SSN}`)))

    assert.deepEqual(new Set(created.map(({ status }) => status)), new Set([201]))
    const idsByTenant = new Map(tenants.map((tenant) => [tenant, [] as number[]]))
    for (const [index, { body }] of created.entries()) {
      idsByTenant.get(String(rounds[index]))?.push((JSON.parse(body) as Patient).id)
    }
    for (const [index, answer] of found.entries()) {
      const own = idsByTenant.get(String(rounds[index]))
      assert.deepEqual(
        idsOf(answer),
        own?.sort((a, b) => a - b),
      )
    }
  })

  test("stores each tenant's values under its own key", async () => {
    const { body } = await ask("tenant-0", "", { ssn: SSN })
    const { id } = JSON.parse(body) as Patient
    const secrets = application.get(Secrets, { strict: false })

    const sql = `SELECT ssn FROM patient WHERE id = ${id}`
    const [{ ssn: token }] = await application.get(DataSource).query(sql)

    assert.equal(new Keyring([await secrets.read("tenants/tenant-0")]).decryptText(token), SSN)
    const other = new Keyring([await secrets.read("tenants/tenant-1")])
    assert.throws(() => other.decryptText(token), { code: "ERR_INVALID_TOKEN" })
  })

  test("keeps the tenant of a stream of events to its end", async () => {
    const created = await ask("tenant-of-events", "", { ssn: SSN })
    const { id } = JSON.parse(created.body) as Patient

    const { body } = await ask("tenant-of-events", `/events?ssn=${SSN}`)

    const data = [...body.matchAll(/^data: (.*)$/gm)].map(([, text]) => JSON.parse(String(text)))
    const found = [{ id, ssn: SSN }]
    assert.deepEqual(
      data,
      [1, 2, 3].map((event) => ({ event, found })),
    )
  })

  test("refuses a request that has no tenant", async () => {
    const { status, body } = await ask(undefined, "", { ssn: SSN })

    assert.equal(status, 500)
    assert.doesNotMatch(body, /078|key/)
  })
})

test("what finds the tenant decides who is refused, and sees what guards left", async () => {
  class Guard implements CanActivate {
    canActivate(context: { switchToHttp(): { getRequest(): unknown } }): boolean {
      Object.assign(context.switchToHttp().getRequest() as object, { user: { tenant: "guarded" } })
      return true
    }
  }
  interface Guarded extends TenantRequest {
    readonly user: { readonly tenant: string }
  }
  const tenantOf = ({ headers, user }: Guarded) => {
    if (headers["x-tenant"] !== user.tenant) throw new ForbiddenException()
    return user.tenant
  }
  @Module({
    imports: [TenantKeysModule],
    providers: [
      { provide: APP_GUARD, useClass: Guard },
      {
        provide: APP_INTERCEPTOR,
        inject: [TenantKeys],
        useFactory: (tenants: TenantKeys) => new TenantInterceptor(tenants, tenantOf),
      },
    ],
  })
  class GuardedModule {}
  const { application, ask } = await start(TenantDatabaseModule, GuardedModule)

  const refused = await ask("other", `?ssn=${SSN}`)
  const admitted = await ask("guarded", `?ssn=${SSN}`)

  assert.deepEqual([refused.status, admitted.status], [403, 200])
  await application.close()
})

test("the middleware keeps the tenant in guards, handlers and streams of events", async () => {
  const guarded: unknown[] = []

  // #region middleware
  @Module({ imports: [TenantKeysModule] })
  class TenantMiddlewareModule implements NestModule {
    constructor(private readonly tenants: TenantKeys) {}

    configure(consumer: MiddlewareConsumer): void {
      const tenantOf = ({ headers }: TenantRequest) => headers["x-tenant"]
      consumer.apply(tenantMiddleware(this.tenants, tenantOf)).forRoutes("{*path}")
    }
  }
  // #endregion
  @Module({
    imports: [TenantKeysModule],
    providers: [
      {
        provide: APP_GUARD,
        inject: [TenantKeys],
        useFactory: (tenants: TenantKeys) => ({
          canActivate: () => guarded.push(tenants.tenant) > 0,
        }),
      },
    ],
  })
  class GuardedModule {}
  const { application, ask } = await start(
    TenantDatabaseModule,
    TenantMiddlewareModule,
    GuardedModule,
  )

  const tenants = tenantsOf(20)
  const created = await Promise.all(tenants.map((tenant) => ask(tenant, "", { ssn: SSN })))
  const events = await Promise.all(tenants.map((tenant) => ask(tenant, `/events?ssn=${SSN}`)))

  for (const [index, { body }] of created.entries()) {
    const { id } = JSON.parse(body) as Patient
    assert.ok(events[index]?.body.includes(`"found":[{"id":${id},"ssn":"${SSN}"}]`), body)
  }
  assert.deepEqual(new Set(guarded), new Set(tenants))
  await application.close()
})
