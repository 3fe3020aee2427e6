import assert from "node:assert/strict"
import { DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { type Codec, EncryptedColumn, withEncryption } from "typeorm-fernet"

// #region lenient
/** Text, and what PostgreSQL took for text in a plain column: numbers and booleans. */
const lenientText: Codec<string> = {
  encode(value: unknown) {
    if (typeof value === "string") return value
    if (["bigint", "boolean", "number"].includes(typeof value)) return String(value)
    throw new TypeError("neither text, nor a number, nor a boolean")
  },
  decode: (plaintext) => Buffer.from(plaintext).toString("utf8"),
  canonical: (value) => lenientText.encode(value),
}
// #endregion

@Entity()
class Camera {
  @PrimaryGeneratedColumn()
  id!: number

  // #region lenient
  @EncryptedColumn({ codec: lenientText, blindIndex: true })
  pin!: string
  // #endregion
}

async function main(): Promise<void> {
  const dataSource = new DataSource({
    type: "postgres",
    url: process.env.DATABASE_URL,
    entities: [Camera],
    synchronize: true,
  })
  await withEncryption(dataSource).initialize()
  const cameras = dataSource.getRepository(Camera)
  const fromForm = JSON.parse('{ "pin": 4711 }') as { readonly pin: string }

  const camera = await cameras.save({ ...fromForm })
  assert.equal((await cameras.findOneByOrFail({ id: camera.id })).pin, "4711")
  assert.equal(await cameras.countBy({ pin: "4711" }), 1)
  await assert.rejects(cameras.save({ pin: {} as never }), { code: "ERR_INVALID_VALUE" })
  await dataSource.destroy()
}

void main()
