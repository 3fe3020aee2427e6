/**
 * A table that Airflow goes on to use beside the application: FERNET_KEY is the value of ENCRYPTION_KEY, and
 * a flag beside the column says whether the cell is a token.
 */
import assert from "node:assert/strict"
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { EncryptedColumn, encryptColumns, Fernet, Keyring, withEncryption } from "typeorm-fernet"

@Entity("variable")
class Variable {
  @PrimaryGeneratedColumn()
  id!: number

  @Column({ type: "varchar", length: 250, unique: true })
  key!: string

  @EncryptedColumn({ name: "val", nullable: true })
  value!: string | null

  /** What this application writes is a token, which Airflow is to open. */
  @Column({ name: "is_encrypted", type: "boolean", nullable: true })
  isEncrypted: boolean | null = true
}

async function main(): Promise<void> {
  const options = { type: "postgres", url: process.env.DATABASE_URL } as const
  const fernet = new Fernet(process.env.ENCRYPTION_KEY ?? "")

  // As Airflow has it, with one variable from before it had a key
  const airflow = await new DataSource(options).initialize()
  await airflow.query(
    "CREATE TABLE variable (id serial PRIMARY KEY, key varchar(250) UNIQUE, val text, is_encrypted boolean)",
  )
  const insert = "INSERT INTO variable (key, val, is_encrypted) VALUES ($1, $2, $3)"
  await airflow.query(insert, ["smtp", fernet.encrypt("hunter2"), true])
  await airflow.query(insert, ["region", "eu-west-1", false])

  const source = withEncryption(new DataSource({ ...options, entities: [Variable] }), {
    // FERNET_KEY is a list as well, the newest first
    keyring: Keyring.fromEnv({ FERNET_KEY: process.env.ENCRYPTION_KEY }, "FERNET_KEY"),
    plaintext: "allow",
  })
  await source.initialize()
  const variables = source.getRepository(Variable)
  assert.equal((await variables.findOneByOrFail({ key: "smtp" })).value, "hunter2")
  assert.equal((await variables.findOneByOrFail({ key: "region" })).value, "eu-west-1")

  // The flag goes along with the cell, or Airflow hands out the token
  await source.transaction(async (manager) => {
    await encryptColumns(manager.queryRunner ?? source, Variable)
    await manager.update(Variable, { isEncrypted: false }, { isEncrypted: true })
  })
  await variables.save(Object.assign(new Variable(), { key: "token", value: "s3cret" }))

  const rows = await airflow.query<{ val: string; is_encrypted: boolean }[]>(
    "SELECT val, is_encrypted FROM variable ORDER BY id",
  )
  assert.deepEqual(
    rows.map(({ val, is_encrypted }) => is_encrypted && fernet.decryptText(val)),
    ["hunter2", "eu-west-1", "s3cret"],
  )
  await source.destroy()
  await airflow.destroy()
}

void main()
