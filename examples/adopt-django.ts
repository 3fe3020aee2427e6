/**
 * Columns of Django. django-encrypted-model-fields stores tokens as text, under a key that goes into
 * ENCRYPTION_KEY as it is. django-fernet-fields derives its key from SECRET_KEY and stores the token as
 * bytes, which the schema step makes text.
 */
import assert from "node:assert/strict"
import { hkdfSync } from "node:crypto"
import { DataSource, Entity, PrimaryColumn } from "typeorm"
import {
  EncryptedColumn,
  Fernet,
  Keyring,
  inspectColumns,
  rotateColumns,
  withEncryption,
} from "typeorm-fernet"

/** As django-fernet-fields derives a key, with FERNET_USE_HKDF. */
function djangoKey(secretKey: string): string {
  const salt = "django-fernet-fields-hkdf-salt"
  const derived = hkdfSync("sha256", secretKey, salt, "django-fernet-fields", 32)
  return `${Buffer.from(derived).toString("base64url")}=`
}

@Entity()
class Customer {
  @PrimaryColumn("int")
  id!: number

  @EncryptedColumn()
  phone!: string
}

async function main(): Promise<void> {
  const django = djangoKey("django-insecure-example")
  const options = { type: "postgres", url: process.env.DATABASE_URL } as const

  // What Django left: a bytea column of tokens
  const before = await new DataSource(options).initialize()
  await before.query("CREATE TABLE customer (id int PRIMARY KEY, phone bytea NOT NULL)")
  const token = Buffer.from(new Fernet(django).encrypt("555-0100"))
  await before.query("INSERT INTO customer VALUES (1, $1)", [token])
  await before.destroy()

  const source = withEncryption(
    new DataSource({ ...options, entities: [Customer], synchronize: true }),
    { keyring: new Keyring([process.env.ENCRYPTION_KEY ?? "", django]) },
  )
  await source.initialize()
  assert.equal((await source.manager.findOneByOrFail(Customer, { id: 1 })).phone, "555-0100")

  // To the first key, and Django's can go
  await rotateColumns(source, Customer)
  const { columns } = await inspectColumns(source, Customer)
  assert.equal(columns["Customer.phone"]?.after.current, 1)
  await source.destroy()
}

void main()
