/** Who decrypted what is told by events. */
import assert from "node:assert/strict"
import { DataSource, Entity, PrimaryColumn } from "typeorm"
import { EncryptedColumn, onEvents, runWithActor, withEncryption } from "typeorm-fernet"

@Entity()
class Patient {
  @PrimaryColumn("int")
  id!: number

  @EncryptedColumn({ blindIndex: true })
  ssn!: string
}

/** Stands for a log. */
const lines: object[] = []
const log = { info: (line: object): unknown => lines.push(line) }

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
  const patients = dataSource.getRepository(Patient)
  const request = { user: { id: "alice" } }

  // #region events
  const stop = onEvents({
    decrypt: ({ actor, columns, rows }) => log.info({ actor, columns, rows }),
    decryptFailed: ({ actor, failures, outcome }) => log.info({ actor, failures, outcome }),
  })
  // #endregion
  await patients.insert({ id: 1, ssn: "078-05-1120" })

  // #region actor
  const found = await runWithActor(request.user.id, () => patients.findBy({ ssn: "078-05-1120" }))
  // #endregion
  stop()

  assert.equal(found[0]?.ssn, "078-05-1120")
  const columns = [{ column: "Patient.ssn", cells: 1 }]
  assert.deepEqual(lines, [{ actor: "alice", columns, rows: [{ id: 1 }] }])
  await dataSource.destroy()
}

void main()
