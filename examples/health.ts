/** An application with the key of another environment does not start, and a health check says why. */
import assert from "node:assert/strict"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { DataSource, type DataSourceOptions, Entity, PrimaryColumn } from "typeorm"
import {
  assertEncryption,
  checkEncryption,
  describeCheck,
  EncryptedColumn,
  generateKey,
  Keyring,
  withEncryption,
} from "typeorm-fernet"

@Entity()
class Camera {
  @PrimaryColumn("int")
  id!: number

  @EncryptedColumn()
  password!: string
}

const options: DataSourceOptions = {
  type: "postgres",
  url: process.env.DATABASE_URL,
  entities: [Camera],
  synchronize: true,
}

async function main(): Promise<void> {
  // #region startup-check
  const dataSource = withEncryption(new DataSource(options), { startupCheck: assertEncryption })
  // #endregion
  await dataSource.initialize()
  await dataSource.manager.insert(Camera, { id: 1, password: "hunter2" })

  // #region health
  const server = createServer((_, response) => {
    checkEncryption(dataSource, { rows: 10 }).then(
      (check) => response.writeHead(check.ok ? 200 : 503).end(describeCheck(check)),
      () => response.writeHead(503).end(),
    )
  })
  // #endregion
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${port}/`)
  assert.equal(answer.status, 200)
  assert.match(await answer.text(), /^The encrypted columns are in order\.$/m)
  server.close()

  const keyring = new Keyring([generateKey()])
  const elsewhere = withEncryption(new DataSource(options), {
    keyring,
    startupCheck: assertEncryption,
  })
  await assert.rejects(elsewhere.initialize(), { code: "ERR_CHECK_FAILED" })
  await dataSource.destroy()
}

void main()
