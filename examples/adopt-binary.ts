/**
 * A column of raw bytes. They become text first, in PostgreSQL's own form of bytes, which a reader takes
 * for what it is; the tokens hold the bytes themselves.
 */
import assert from "node:assert/strict"
import { DataSource, Entity, PrimaryColumn } from "typeorm"
import { EncryptedColumn, encryptColumns, type LegacyReader, withEncryption } from "typeorm-fernet"

const hexOfPostgres: LegacyReader = {
  is: (cell) => /^\\x(?:[0-9a-f]{2})*$/.test(cell),
  decode: (cell) => Buffer.from(cell.slice(2), "hex"),
}

@Entity()
class Scan {
  @PrimaryColumn("int")
  id!: number

  @EncryptedColumn({ codec: "bytes", legacy: hexOfPostgres })
  image!: Uint8Array
}

async function main(): Promise<void> {
  const options = { type: "postgres", url: process.env.DATABASE_URL } as const
  const images = [Buffer.from([0, 255, 128]), Buffer.alloc(0), Buffer.from("gAAAAA")]

  const before = await new DataSource(options).initialize()
  await before.query("CREATE TABLE scan (id int PRIMARY KEY, image bytea NOT NULL)")
  for (const [id, image] of images.entries()) {
    await before.query("INSERT INTO scan VALUES ($1, $2)", [id, image])
  }
  // The schema step refuses to: it cannot know in which form the application wants its bytes
  await before.query(
    String.raw`ALTER TABLE scan ALTER image TYPE text USING '\x' || encode(image, 'hex')`,
  )
  await before.destroy()

  const source = withEncryption(new DataSource({ ...options, entities: [Scan] }), {
    plaintext: "allow",
  })
  await source.initialize()
  const read = async (): Promise<Buffer[]> => {
    const scans = await source.manager.find(Scan, { order: { id: "ASC" } })
    return scans.map(({ image }) => Buffer.from(image))
  }
  assert.deepEqual(await read(), images)

  // A form that authenticates nothing wants a word; this one was never encrypted
  const report = await encryptColumns(source, Scan, { trustLegacy: true })
  assert.equal(report.columns["Scan.image"]?.after.current, images.length)
  assert.deepEqual(await read(), images)
  await source.destroy()
}

void main()
