import "reflect-metadata"

import { Column, DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
  BlindEqual,
  decryptRaw,
  EncryptedColumn,
  type EncryptedColumnOptions,
  EncryptionError,
  generateKey,
  KeyError,
  Keyring,
  withEncryption,
} from "typeorm-fernet"
import { encryptedDataSource, encryptionHealth } from "typeorm-fernet/nestjs"

const born: EncryptedColumnOptions = { codec: "date", nullable: true }

@Entity()
class Patient {
  @PrimaryGeneratedColumn()
  id!: number

  @Column({ type: "varchar" })
  name!: string

  @EncryptedColumn()
  ssn!: string

  @EncryptedColumn(born)
  bornOn!: Date | null

  @EncryptedColumn({ blindIndex: { unique: true, normalize: ["trim", "lowercase"] } })
  email!: string
}

/** Prints what an application of the installed package sees, for the test to compare. */
async function main(): Promise<void> {
  const keyring = new Keyring([generateKey()])
  const dataSource = withEncryption(
    new DataSource({
      type: "better-sqlite3",
      database: ":memory:",
      entities: [Patient],
      synchronize: true,
    }),
    { keyring: () => Promise.resolve(keyring) },
  )
  await dataSource.initialize()
  const patients = dataSource.getRepository(Patient)
  await patients.save({
    name: "Ada",
    ssn: "078-05-1120",
    bornOn: new Date(0),
    email: "Ada@Example.com",
  })

  const loaded: Patient = await patients.findOneByOrFail({ name: "Ada" })
  const rows: { ssn: string }[] = await dataSource.query("SELECT ssn FROM patient")
  const found = await patients.countBy([
    { email: "ada@example.com" },
    { email: BlindEqual(" ADA@example.com") },
  ])
  const refused: unknown = await patients.findBy({ ssn: "x" }).catch((error: unknown) => error)
  const nest = await encryptedDataSource({ useFactory: () => ({ type: "postgres" }) }).useFactory()
  console.log(
    JSON.stringify({
      loaded,
      found,
      stored: rows.map(({ ssn }) => keyring.decryptText(ssn)),
      decrypted: decryptRaw(dataSource, Patient, rows),
      refused: refused instanceof EncryptionError && refused.code,
      health: await encryptionHealth(dataSource),
      retried: nest.toRetry?.(new KeyError("ERR_KEY_MISSING", "")),
    }),
  )
  await dataSource.destroy()
}

void main()
