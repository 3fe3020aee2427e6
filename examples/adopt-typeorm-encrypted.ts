/** A table that typeorm-encrypted filled is read, then taken over. */
import assert from "node:assert/strict"
import { Column, DataSource, type DataSourceOptions, Entity, PrimaryColumn } from "typeorm"
import { EncryptionTransformer } from "typeorm-encrypted"
import {
  EncryptedColumn,
  encryptColumns,
  inspectColumns,
  readTypeormEncrypted,
  withEncryption,
} from "typeorm-fernet"

const old = { key: "e4".repeat(32), algorithm: "aes-256-cbc", ivLength: 16 }

@Entity("patient")
class OldPatient {
  @PrimaryColumn("int")
  id!: number

  @Column({ type: "text", transformer: new EncryptionTransformer(old) })
  ssn!: string
}

@Entity("patient")
class Patient {
  @PrimaryColumn("int")
  id!: number

  @EncryptedColumn({ legacy: readTypeormEncrypted(old) })
  ssn!: string
}

async function main(): Promise<void> {
  const options: DataSourceOptions = { type: "postgres", url: process.env.DATABASE_URL }

  const before = await new DataSource({
    ...options,
    entities: [OldPatient],
    synchronize: true,
  }).initialize()
  await before.manager.insert(OldPatient, { id: 1, ssn: "078-05-1120" })
  await before.destroy()

  const source = withEncryption(new DataSource({ ...options, entities: [Patient] }), {
    plaintext: "allow",
  })
  await source.initialize()
  assert.equal((await source.manager.findOneByOrFail(Patient, { id: 1 })).ssn, "078-05-1120")

  // AES-CBC authenticates nothing: look at what is read before it is sealed
  await encryptColumns(source, Patient, { trustLegacy: true })
  const { columns } = await inspectColumns(source, Patient)
  assert.equal(columns["Patient.ssn"]?.after.legacy, 0)
  await source.destroy()
}

void main()
