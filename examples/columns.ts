import assert from "node:assert/strict"
import { DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { type Codec, EncryptedColumn, withEncryption } from "typeorm-fernet"

class PhoneNumber {
  readonly e164: string

  constructor(e164: string) {
    this.e164 = e164
  }
}

// #region custom-codec
const phoneNumber: Codec<PhoneNumber> = {
  encode: (phone) => phone.e164,
  decode: (plaintext) => new PhoneNumber(Buffer.from(plaintext).toString()),
}
// #endregion

@Entity()
class Patient {
  @PrimaryGeneratedColumn()
  id!: number

  // #region columns
  @EncryptedColumn()
  ssn!: string

  @EncryptedColumn({ codec: "date", nullable: true })
  bornOn!: Date | null

  @EncryptedColumn({ codec: "json" })
  history!: { readonly allergies: readonly string[] }

  @EncryptedColumn({ type: "varchar", length: 255 })
  email!: string

  @EncryptedColumn({ codec: "number", ttl: 15 * 60 })
  pin!: number
  // #endregion

  // #region custom-codec
  @EncryptedColumn({ codec: phoneNumber })
  phone!: PhoneNumber
  // #endregion
}

const ada = {
  ssn: "078-05-1120",
  bornOn: new Date("1970-01-02T03:04:05.678Z"),
  history: { allergies: ["nuts"] },
  email: "ada@example.com",
  pin: 1234,
  phone: new PhoneNumber("+12025550123"),
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
  const patients = dataSource.getRepository(Patient)
  await patients.save(ada)
  const loaded = await patients.findOneByOrFail({ id: 1 })
  assert.deepEqual(loaded, Object.assign(new Patient(), { id: 1, ...ada }))
  await dataSource.destroy()
}

void main()
