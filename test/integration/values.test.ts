import { randomBytes } from "node:crypto"

import { beforeAll, expect, test } from "@jest/globals"
import { type DataSource, Entity, PrimaryColumn, type Repository, VersionColumn } from "typeorm"

import { EncryptedColumn, withEncryption } from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring } from "../support/keys"

const MB = 2 ** 20

eachDatabase("values", (db) => {
  const type = db.name === "MariaDB" ? "longtext" : "text"

  @Entity()
  class Scan {
    @PrimaryColumn() id!: number
    @EncryptedColumn({ nullable: true, type }) text?: string | null
    @EncryptedColumn({ nullable: true, type, codec: "bytes" }) bytes?: Uint8Array | null
    @EncryptedColumn({ nullable: true, codec: "json" }) json?: unknown
    @EncryptedColumn({ nullable: true, codec: "number" }) number?: number | null
    @VersionColumn() version!: number
  }

  /** Without a version, which TypeORM would read back by one condition for each row. */
  @Entity()
  class Sample {
    @PrimaryColumn() id!: number
    @EncryptedColumn() a!: string
    @EncryptedColumn() b!: string
    @EncryptedColumn({ codec: "bytes" }) c!: Uint8Array
    @EncryptedColumn({ codec: "json" }) d!: unknown
    @EncryptedColumn({ codec: "number" }) e!: number
  }

  let source: DataSource
  let scans: Repository<Scan>

  beforeAll(async () => {
    source = await db.connect({ entities: [Scan, Sample], synchronize: true }, (unbound) =>
      withEncryption(unbound, { keyring }),
    )
    scans = source.getRepository(Scan)
  })

  const stored = async (column: keyof Scan): Promise<string[]> => {
    const rows = await db.rawRows(`SELECT ${db.escape(column)} AS cell FROM ${db.escape("scan")}`)
    return rows.map(({ cell }) => cell as string)
  }

  /** How long a text may be for its token to pass in one statement. */
  async function longest(): Promise<number> {
    if (db.name !== "MariaDB") return 50 * MB
    const [row] = await db.rawRows("SELECT @@max_allowed_packet AS packet")
    return Math.min(50 * MB, Math.floor(Number(row?.packet) * 0.7))
  }

  test.each([
    ["empty", ""],
    ["emoji", "👩🏽‍⚕️ und 🔒"],
    ["a NUL", "a\0b\0"],
    ["every control character", String.fromCharCode(...Array.from({ length: 32 }, (_, i) => i))],
    ["line ends", "a\r\nb\rc\n"],
    ["trailing blanks", "  a  "],
    ["quotes and backslashes", "'\"`\\' OR 1=1; --"],
    ["a byte order mark", "\ufeffa"],
    ["1 MB", "Zoë 🔒 ".repeat(MB / 11)],
  ])("may be text: %s", async (_kind, text) => {
    await scans.clear()
    await scans.save({ id: 1, text })

    expect((await scans.findOneByOrFail({ id: 1 })).text === text).toBe(true)
    expect(await stored("text")).toEqual([expect.stringMatching(/^gAAAAA[\w-]+=*$/)])
  })

  test("may be a text of 50 MB, or what a packet of the server holds", async () => {
    await scans.clear()
    const text = "x".repeat(await longest())
    await scans.insert({ id: 1, text })

    const scan = await scans.findOneByOrFail({ id: 1 })

    expect(scan.text?.length).toBe(text.length)
    expect(scan.text === text).toBe(true)
  })

  test("may be nothing, zero and false", async () => {
    await scans.clear()
    await scans.save([
      { id: 1, text: null, json: false, number: 0 },
      { id: 2, text: "", json: "", number: -0 },
      { id: 3, json: 0, number: Number.MIN_VALUE },
    ])

    expect(await scans.find({ order: { id: "ASC" } })).toMatchObject([
      { text: null, json: false, number: 0 },
      { text: "", json: "", number: -0 },
      { text: null, json: 0, number: Number.MIN_VALUE },
    ])
  })

  const all = Uint8Array.from({ length: 256 }, (_, i) => i)

  test.each<[kind: string, bytes: Uint8Array]>([
    ["a Buffer of all bytes", Buffer.from(all)],
    ["a Uint8Array", all],
    ["a view with an offset", new Uint8Array(all.buffer, 100, 50)],
    ["a Buffer within Node's pool", Buffer.from("pooled")],
    ["no bytes", new Uint8Array()],
    ["1 MB", randomBytes(MB)],
  ])("may be bytes: %s", async (_kind, bytes) => {
    await scans.clear()
    await scans.save({ id: 1, bytes })
    await scans.insert({ id: 2, bytes })

    const found = await scans.find({ order: { id: "ASC" } })

    for (const scan of found) {
      expect(Buffer.isBuffer(scan.bytes)).toBe(true)
      expect(Buffer.compare(scan.bytes ?? Buffer.from("?"), bytes)).toBe(0)
    }
    await scans.save(found)
    await scans.save({ id: 2, bytes })
    expect((await scans.find()).map(({ version }) => version)).toEqual([1, 1])
  })

  class Money {
    constructor(readonly cents: number) {}
    toJSON(): string {
      return `${this.cents} ct`
    }
  }

  test.each<[kind: string, json: unknown, read: unknown]>([
    ["a Date inside", { at: new Date(0) }, { at: "1970-01-01T00:00:00.000Z" }],
    ["a class with toJSON", { price: new Money(5) }, { price: "5 ct" }],
    ["a class with toJSON itself", new Money(5), "5 ct"],
    ["an array", [1, [2, { a: null }]], [1, [2, { a: null }]]],
    ["an empty object", {}, {}],
    ["bytes inside", { b: Buffer.from("a") }, { b: { type: "Buffer", data: [97] } }],
  ])("may be JSON: %s", async (_kind, json, read) => {
    await scans.clear()
    await scans.save({ id: 1, json })
    await scans.insert({ id: 2, json: json as object })

    const found = await scans.find({ order: { id: "ASC" } })

    expect(found.map((scan) => JSON.stringify(scan.json))).toEqual(
      Array(2).fill(JSON.stringify(read)),
    )
    await scans.save({ id: 1, json })
    expect((await scans.findOneByOrFail({ id: 1 })).version).toBe(1)
  })

  test("are encrypted in one batch of 5,000 cells, each to another token", async () => {
    const values = { a: "same", b: "same", c: Buffer.from("same"), d: ["same"], e: 7 }
    const samples = Array.from({ length: 1000 }, (_, id) => ({ id, ...values }))
    await source.createQueryBuilder().insert().into(Sample).values(samples).execute()

    const rows = await db.rawRows(`SELECT * FROM ${db.escape("sample")}`)
    const tokens = rows.flatMap(({ a, b, c, d, e }) => [a, b, c, d, e] as string[])

    expect(tokens).toHaveLength(5000)
    expect(new Set(tokens).size).toBe(5000)
    expect(new Set(tokens.map((token) => token.slice(12, 30))).size).toBe(5000)
    const found = await source.getRepository(Sample).find({ order: { id: "ASC" } })
    expect(found).toEqual(samples)
  })
})
