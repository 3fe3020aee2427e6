import assert from "node:assert/strict"
import { DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { decryptRaw, EncryptedColumn, encryptFor, withEncryption } from "typeorm-fernet"

@Entity()
class Patient {
  @PrimaryGeneratedColumn()
  id!: number

  @EncryptedColumn()
  ssn!: string
}

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

  // #region raw-write
  const token = encryptFor(dataSource, Patient, "ssn", "078-05-1120")
  await dataSource.query("INSERT INTO patient (ssn) VALUES ($1)", [token])
  // #endregion

  // #region raw-read
  const builder = dataSource.createQueryBuilder(Patient, "patient")
  const rows = decryptRaw(dataSource, Patient, await builder.getRawMany())

  const holders = await dataSource.query<{ holder: string }[]>("SELECT ssn AS holder FROM patient")
  const named = decryptRaw(dataSource, Patient, holders, { holder: "ssn" })
  // #endregion

  assert.deepEqual(rows, [{ patient_id: 1, patient_ssn: "078-05-1120" }])
  assert.deepEqual(named, [{ holder: "078-05-1120" }])
  await dataSource.destroy()
}

void main()
