import assert from "node:assert/strict"
import { DataSource, type DataSourceOptions, Entity, PrimaryGeneratedColumn } from "typeorm"
import { EncryptedColumn, generateKey, withEncryption } from "typeorm-fernet"

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

/** Stands for the client of a secret manager. */
const vault = { "patients/encryption-key": generateKey() }
const secrets = {
  read: (name: keyof typeof vault): Promise<string> => Promise.resolve(vault[name]),
}

// #region key-function
const dataSource = withEncryption(new DataSource(options), {
  keyring: () => secrets.read("patients/encryption-key"),
})
// #endregion

async function main(): Promise<void> {
  await dataSource.initialize()
  const patients = dataSource.getRepository(Patient)
  await patients.save({ ssn: "078-05-1120" })
  assert.equal((await patients.findOneByOrFail({ id: 1 })).ssn, "078-05-1120")
  await dataSource.destroy()
}

void main()
