/** Tests of an application that has encrypted columns: no server, no key at hand, no mock. */
import assert from "node:assert/strict"
import { DataSource, type DataSourceOptions, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
  decryptRaw,
  EncryptedColumn,
  encryptFor,
  generateKey,
  isToken,
  withEncryption,
} from "typeorm-fernet"

@Entity()
class Patient {
  @PrimaryGeneratedColumn()
  id!: number

  @EncryptedColumn()
  ssn!: string
}

// #region data-source
const options: DataSourceOptions = {
  type: "better-sqlite3",
  database: ":memory:",
  entities: [Patient],
  synchronize: true,
}

/** A database of its own for each test, with a key of its own. */
async function openTestDatabase(): Promise<DataSource> {
  return withEncryption(new DataSource(options), { keyring: () => generateKey() }).initialize()
}
// #endregion

async function main(): Promise<void> {
  const dataSource = await openTestDatabase()

  // #region stored
  await dataSource.manager.save(Patient, { ssn: "078-05-1120" })

  const [row] = await dataSource.query<{ ssn: string }[]>("SELECT ssn FROM patient")
  assert(row && isToken(row.ssn)) // what the database has
  assert.deepEqual(decryptRaw(dataSource, Patient, row), { ssn: "078-05-1120" })
  // #endregion

  // #region fixture
  const token = encryptFor(dataSource, Patient, "ssn", "219-09-9999")
  await dataSource.query("INSERT INTO patient (ssn) VALUES (?)", [token])
  // #endregion
  const patients = await dataSource.manager.find(Patient, { order: { id: "ASC" } })
  assert.deepEqual(
    patients.map(({ ssn }) => ssn),
    ["078-05-1120", "219-09-9999"],
  )

  // #region unreadable
  await dataSource.query("UPDATE patient SET ssn = 'damaged' WHERE id = 1")
  await assert.rejects(dataSource.manager.find(Patient), { code: "ERR_DECRYPTION_FAILED" })
  // #endregion
  await dataSource.destroy()
}

void main()
