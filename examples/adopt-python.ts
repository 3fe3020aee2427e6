/**
 * Columns of Airflow and of Django. Airflow's, and django-encrypted-model-fields', are tokens under a
 * key that goes into ENCRYPTION_KEY as it is. django-fernet-fields derives its key from SECRET_KEY and
 * stores the token as bytes, which are made text first.
 */
import assert from "node:assert/strict"
import { hkdfSync } from "node:crypto"
import { DataSource, Entity, PrimaryColumn } from "typeorm"
import { EncryptedColumn, encryptColumns, Fernet, Keyring, withEncryption } from "typeorm-fernet"

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
  const keyring = new Keyring([process.env.ENCRYPTION_KEY ?? "", django])
  const source = withEncryption(
    new DataSource({ type: "postgres", url: process.env.DATABASE_URL, entities: [Customer] }),
    { keyring, plaintext: "allow" },
  )
  await source.initialize()

  // What Django left: a bytea column of tokens
  await source.query("CREATE TABLE customer (id int PRIMARY KEY, phone bytea NOT NULL)")
  await source.query("INSERT INTO customer VALUES (1, $1)", [
    Buffer.from(new Fernet(django).encrypt("555-0100")),
  ])
  await source.query("ALTER TABLE customer ALTER phone TYPE text USING convert_from(phone, 'UTF8')")

  assert.equal((await source.manager.findOneByOrFail(Customer, { id: 1 })).phone, "555-0100")
  const { columns } = await encryptColumns(source, Customer)
  assert.equal(Object.values(columns["Customer.phone"]?.after.stale ?? {})[0], 1)
  // column:rotate moves them to the first key, and Django's can go
  await source.destroy()
}

void main()
