import assert from "node:assert/strict"
// #region quick-start
import { DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { EncryptedColumn, withEncryption } from "typeorm-fernet"

@Entity()
class Patient {
  @PrimaryGeneratedColumn() id!: number
  @EncryptedColumn() ssn!: string
}
const url = process.env.DATABASE_URL
const dataSource = withEncryption(
  new DataSource({ type: "postgres", url, entities: [Patient], synchronize: true }),
)
// #endregion

async function main(): Promise<void> {
  // #region quick-start
  await dataSource.initialize() // reads ENCRYPTION_KEY
  const patients = dataSource.getRepository(Patient)
  await patients.save({ ssn: "078-05-1120" }) // the table holds gAAAAAB…
  console.log(await patients.find()) // [ Patient { id: 1, ssn: '078-05-1120' } ]
  // #endregion

  const [row] = await dataSource.query<{ ssn: string }[]>("SELECT ssn FROM patient")
  assert.match(row?.ssn ?? "", /^gAAAAAB/)
  await dataSource.destroy()
}

void main()
