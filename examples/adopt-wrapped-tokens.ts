/** Tokens with a prefix of the application's own, or in the quotes of Python's `bytes`. */
import assert from "node:assert/strict"
import { DataSource, Entity, PrimaryColumn } from "typeorm"
import {
  EncryptedColumn,
  encryptColumns,
  encryptFor,
  readPrefixedTokens,
  readQuotedTokens,
  withEncryption,
} from "typeorm-fernet"

@Entity()
class Credential {
  @PrimaryColumn("int")
  id!: number

  @EncryptedColumn({ legacy: [readPrefixedTokens("encrypted:"), readQuotedTokens()] })
  secret!: string
}

async function main(): Promise<void> {
  const source = withEncryption(
    new DataSource({
      type: "postgres",
      url: process.env.DATABASE_URL,
      entities: [Credential],
      synchronize: true,
    }),
    { plaintext: "allow" },
  )
  await source.initialize()
  const token = encryptFor(source, Credential, "secret", "hunter2")
  const insert = "INSERT INTO credential (id, secret) VALUES ($1, $2)"
  await source.query(insert, [1, `encrypted:${token}`])
  await source.query(insert, [2, `b'${token}'`])

  const credentials = await source.manager.find(Credential)
  assert.deepEqual(
    credentials.map(({ secret }) => secret),
    ["hunter2", "hunter2"],
  )
  const report = await encryptColumns(source, Credential)
  assert.equal(report.columns["Credential.secret"]?.after.current, 2)
  await source.destroy()
}

void main()
