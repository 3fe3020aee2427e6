import assert from "node:assert/strict"
import { DataSource, type DataSourceOptions, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
  EncryptedColumn,
  generateKey,
  Keyring,
  rotateColumns,
  withEncryption,
} from "typeorm-fernet"

@Entity()
class Patient {
  @PrimaryGeneratedColumn()
  id!: number

  @EncryptedColumn()
  ssn!: string
}

const options: DataSourceOptions = {
  type: "postgres",
  url: process.env.DATABASE_URL,
  entities: [Patient],
  synchronize: true,
}
const oldKey = generateKey()
const newKey = generateKey()

async function open(keyring: Keyring): Promise<DataSource> {
  return withEncryption(new DataSource(options), { keyring }).initialize()
}

async function main(): Promise<void> {
  const before = await open(new Keyring([oldKey]))
  await before.getRepository(Patient).save({ ssn: "078-05-1120" })
  await before.destroy()
  const keyring = new Keyring([newKey, oldKey])
  const dataSource = await open(keyring)

  // #region rotate
  const report = await rotateColumns(dataSource, Patient)
  const stale = report.columns["Patient.ssn"]?.after.stale // {} when the old key can go
  // #endregion
  assert.deepEqual([report.changed, stale], [1, {}])

  await dataSource.destroy()
  const after = await open(new Keyring([newKey]))
  const patient = await after.getRepository(Patient).findOneByOrFail({ id: 1 })
  assert.equal(patient.ssn, "078-05-1120")
  await after.destroy()
}

void main()
