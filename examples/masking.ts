/** Values are masked where they are shown, and hidden where they are logged. */
import assert from "node:assert/strict"
import { DataSource, Entity, PrimaryColumn } from "typeorm"
import { EncryptedColumn, mask, redact, redactReplacer, withEncryption } from "typeorm-fernet"

@Entity()
class Patient {
  @PrimaryColumn("int")
  id!: number

  @EncryptedColumn()
  ssn!: string

  @EncryptedColumn()
  email!: string
}

/** Stands for a log. */
const lines: unknown[] = []
const log = (line: unknown): unknown => lines.push(line)

async function main(): Promise<void> {
  const dataSource = withEncryption(
    new DataSource({
      type: "postgres",
      url: process.env.DATABASE_URL,
      entities: [Patient],
      synchronize: true,
    }),
  )
  await dataSource.initialize()
  await dataSource.manager.insert(Patient, {
    id: 1,
    ssn: "078-05-1120",
    email: "alice@example.com",
  })
  const patient = await dataSource.manager.findOneByOrFail(Patient, { id: 1 })

  // #region mask
  mask(patient.ssn) // "****1120"
  mask(patient.email) // "a****@****.com"
  mask("4242424242424242", { visible: 2 }) // "****42"
  mask("1234") // "****"
  // #endregion
  assert.equal(mask(patient.ssn), "****1120")
  assert.equal(mask(patient.email), "a****@****.com")
  assert.equal(mask("4242424242424242", { visible: 2 }), "****42")
  assert.equal(mask("1234"), "****")

  // #region redact
  log(JSON.stringify({ patient }, redactReplacer(dataSource)))
  log(redact(dataSource, { patient }))
  log(redact(dataSource, { patient }, { censor: (value) => mask(value) }))
  // #endregion
  const [hidden, masked] = [
    { id: 1, ssn: "(encrypted)", email: "(encrypted)" },
    { id: 1, ssn: "****1120", email: "a****@****.com" },
  ]
  assert.deepEqual(lines, [
    JSON.stringify({ patient: hidden }),
    { patient: hidden },
    { patient: masked },
  ])
  await dataSource.destroy()
}

void main()
