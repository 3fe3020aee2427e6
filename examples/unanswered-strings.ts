/** Strings of query builders that would throw are found before they do: in one release that warns. */
import assert from "node:assert/strict"
import { subscribe } from "node:diagnostics_channel"
import { DataSource, Entity, PrimaryColumn } from "typeorm"
import { EncryptedColumn, type UnansweredStringEvent, withEncryption } from "typeorm-fernet"

@Entity()
class Patient {
  @PrimaryColumn("int")
  id!: number

  @EncryptedColumn()
  ssn!: string
}

async function main(): Promise<void> {
  const found: UnansweredStringEvent[] = []
  const log = {
    warn: (event: UnansweredStringEvent, message: string) => {
      assert.equal(message, "a query that will throw")
      found.push(event)
    },
  }

  const dataSource = withEncryption(
    new DataSource({
      type: "postgres",
      url: process.env.DATABASE_URL,
      entities: [Patient],
      synchronize: true,
    }),
    { strings: "warn" },
  )
  await dataSource.initialize()

  // #region warn
  subscribe("typeorm-fernet:string.unanswered", (event) => {
    const unanswered = event as UnansweredStringEvent
    if (unanswered.count === 1) log.warn(unanswered, "a query that will throw")
  })
  // #endregion

  const patients = dataSource.getRepository(Patient)
  await patients.insert({ id: 1, ssn: "078-05-1120" })
  for (let times = 1; times <= 3; times++) {
    const query = patients.createQueryBuilder("patient").where("patient.ssn LIKE '078%'")
    assert.equal(await query.getCount(), 0)
  }

  assert.equal(found.length, 1)
  assert.equal(found[0]?.column, "Patient.ssn")
  assert.match(found[0].callSite ?? "", /unanswered-strings\.ts:\d+:\d+$/)
  await dataSource.destroy()
}

void main()
