/** A table that has tokens gets keys for each column, and a copied token does not open. */
import assert from "node:assert/strict"
import { DataSource, type DataSourceOptions, Entity, PrimaryColumn } from "typeorm"
import { type ColumnKeyMode, EncryptedColumn, rotateColumns, withEncryption } from "typeorm-fernet"

@Entity()
class Patient {
  @PrimaryColumn("int")
  id!: number

  // #region column-context
  @EncryptedColumn({ columnKey: { context: ["patient", "ssn"] } })
  socialSecurityNumber!: string
  // #endregion

  @EncryptedColumn()
  note!: string
}
const options: DataSourceOptions = {
  type: "postgres",
  url: process.env.DATABASE_URL,
  entities: [Patient],
}

async function deploy(columnKeys: ColumnKeyMode): Promise<DataSource> {
  return withEncryption(new DataSource(options), { columnKeys }).initialize()
}

async function main(): Promise<void> {
  const ready = await deploy("ready")
  await ready.synchronize()
  const row = { id: 1, socialSecurityNumber: "078-05-1120", note: "allergic to penicillin" }
  await ready.manager.insert(Patient, row)

  const moving = await deploy("moving")
  await moving.manager.insert(Patient, { ...row, id: 2 })
  assert.equal((await ready.manager.find(Patient)).length, 2)
  await ready.destroy()
  const { columns } = await rotateColumns(moving, Patient)
  assert.equal(columns["Patient.note"]?.after.shared, 0)
  await moving.destroy()

  // #region column-keys
  const dataSource = withEncryption(new DataSource(options), { columnKeys: "only" })
  // #endregion
  await dataSource.initialize()
  const patient = await dataSource.manager.findOneByOrFail(Patient, { id: 1 })
  assert.deepEqual(patient, Object.assign(new Patient(), row))
  await dataSource.query('UPDATE patient SET note = "socialSecurityNumber"')
  await assert.rejects(dataSource.manager.find(Patient), { reason: "unknown-key" })
  await dataSource.destroy()
}

void main()
