/** A rolling deployment: two releases at a time on one table, from plaintext to tokens. */
import assert from "node:assert/strict"
import { DataSource, Entity, PrimaryColumn } from "typeorm"
import {
  EncryptedColumn,
  encryptColumns,
  indexColumns,
  type PlaintextPhase,
  withEncryption,
} from "typeorm-fernet"

@Entity()
class Account {
  @PrimaryColumn("int")
  id!: number

  @EncryptedColumn({ blindIndex: { unique: true } })
  email!: string
}

async function deploy(plaintext: PlaintextPhase, synchronize = false): Promise<DataSource> {
  const source = new DataSource({
    type: "postgres",
    url: process.env.DATABASE_URL,
    entities: [Account],
    synchronize,
  })
  return withEncryption(source, { plaintext }).initialize()
}

async function main(): Promise<void> {
  const keep = await deploy("keep", true)
  const index = await deploy("index")
  await keep.manager.insert(Account, { id: 1, email: "ada@example.com" })
  await index.manager.insert(Account, { id: 2, email: "bob@example.com" })
  assert.equal(await keep.manager.countBy(Account, { email: "bob@example.com" }), 1)
  await keep.destroy()

  await indexColumns(index, Account)
  const allow = await deploy("allow")
  await allow.manager.insert(Account, { id: 3, email: "cleo@example.com" })
  assert.equal(await index.manager.countBy(Account, { email: "cleo@example.com" }), 1)
  await index.destroy()

  await encryptColumns(allow, Account)
  const reject = await deploy("reject")
  assert.equal(await reject.manager.count(Account), 3)
  await allow.destroy()
  await reject.destroy()
}

void main()
