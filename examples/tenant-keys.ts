/** Each tenant has its own keys, in requests and in bulk. */
import assert from "node:assert/strict"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { Column, DataSource, Entity, PrimaryColumn } from "typeorm"
import {
  EncryptedColumn,
  encryptColumns,
  generateKey,
  TenantKeys,
  withEncryption,
} from "typeorm-fernet"

@Entity()
class Member {
  @PrimaryColumn("int")
  id!: number

  @Column({ type: "text" })
  tenantId!: string

  @EncryptedColumn({ blindIndex: true })
  email!: string
}

/** Stands for a secret manager. */
const secrets = new Map([
  ["north", generateKey()],
  ["south", generateKey()],
])

async function fetchKey(tenant: string): Promise<string> {
  const key = await Promise.resolve(secrets.get(tenant))
  if (key === undefined) throw new Error("There is no such tenant.")
  return key
}

async function main(): Promise<void> {
  // #region tenant-keys
  const tenants = new TenantKeys((tenant) => fetchKey(tenant))
  const dataSource = withEncryption(
    new DataSource({ type: "postgres", url: process.env.DATABASE_URL, entities: [Member] }),
    { keyring: tenants },
  )
  // #endregion
  await dataSource.initialize()
  await dataSource.synchronize()
  const members = dataSource.getRepository(Member)

  // #region tenant-request
  const server = createServer((request, response) => {
    const tenantId = tenantOf(request)
    tenants
      .run(tenantId, async () => {
        const found = await members.findBy({ tenantId, email: "alice@example.com" })
        response.end(JSON.stringify(found.map(({ email }) => email)))
      })
      .catch(() => response.writeHead(500).end())
  })
  // #endregion

  await tenants.run("north", () =>
    members.insert({ id: 1, tenantId: "north", email: "alice@example.com" }),
  )
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const ask = async (tenant: string): Promise<unknown> => {
    const { port } = server.address() as AddressInfo
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { tenant } })
    return answer.status === 200 ? answer.json() : answer.status
  }
  assert.deepEqual(await ask("north"), ["alice@example.com"])
  assert.deepEqual(await ask("south"), [])
  assert.equal(await ask("nowhere"), 500)
  await assert.rejects(members.find(), { code: "ERR_KEY_MISSING" })
  await assert.rejects(
    tenants.run("south", () => members.find()),
    { reason: "unknown-key", primaryKey: { id: 1 } },
  )

  await dataSource.query(`INSERT INTO member VALUES (2, 'south', 'plain@example.com', NULL)`)
  // #region tenant-bulk
  await tenants.run("south", () =>
    encryptColumns(dataSource, Member, { where: `t."tenantId" = 'south'` }),
  )
  // #endregion
  const found = await tenants.run("south", () => members.findBy({ email: "plain@example.com" }))
  assert.equal(found.length, 1)
  server.close()
  await dataSource.destroy()
}

function tenantOf(request: IncomingMessage): string {
  return String(request.headers.tenant)
}

void main()
