import { inspect } from "node:util"

import { beforeEach, expect, test } from "@jest/globals"
import {
  ChildEntity,
  Column,
  type DataSource,
  Entity,
  PrimaryColumn,
  TableInheritance,
} from "typeorm"

import {
  BlindEqual,
  checkEncryption,
  decryptColumns,
  EncryptedColumn,
  encryptColumns,
  Keyring,
  rotateColumns,
  Sealed,
  withEncryption,
} from "../../src"
import { RecordingLogger } from "../binding/recording-logger"
import { eachDatabase } from "../support/databases"
import { keyring, keys } from "../support/keys"

@Entity()
@TableInheritance({ column: { type: "varchar", name: "kind", length: 20 } })
class Device {
  @PrimaryColumn({ type: "int" }) id!: number
  @EncryptedColumn({ sealed: true, blindIndex: true }) password!: Sealed<string>
}

@ChildEntity("camera")
class Camera extends Device {
  @Column({ type: "varchar", length: 40, nullable: true }) place!: string | null
  @EncryptedColumn({ sealed: true, nullable: true, padTo: 64 }) pin!: Sealed<string> | null
}

const MARKER = "hunter2-marker"
const ROWS = 12

eachDatabase("sealed values on every path", (db) => {
  const logger = new RecordingLogger()
  let source: DataSource
  beforeEach(async () => {
    await db.dropAllTables()
    const entities = [Device, Camera]
    const connection = { entities, synchronize: true, cache: true, logger, logging: "all" } as const
    source = await db.connect(connection, (one) => {
      withEncryption(one, { keyring })
    })
    const cameras = source.getRepository(Camera)
    await cameras.insert(
      Array.from({ length: ROWS }, (_, id) => ({
        id,
        place: `hall ${id}`,
        password: Sealed.of(`${MARKER}-${id}`),
        pin: id % 2 === 0 ? null : Sealed.of(`${MARKER}-pin-${id}`),
      })),
    )
  })

  const stored = (): Promise<Record<string, unknown>[]> =>
    db.rawRows("SELECT * FROM device ORDER BY id")

  test("children of an inheritance have those of their parent and their own", async () => {
    const [first] = await source.getRepository(Device).find({ order: { id: "ASC" }, take: 1 })
    const camera = await source.getRepository(Camera).findOneByOrFail({ id: 1 })

    expect(first).toBeInstanceOf(Camera)
    expect(first?.password.reveal()).toBe(`${MARKER}-0`)
    expect([camera.password.reveal(), camera.pin?.reveal()]).toEqual([
      `${MARKER}-1`,
      `${MARKER}-pin-1`,
    ])
    const raw = await stored()
    expect(raw.map((row) => keyring.decryptText(String(row.password)))).toEqual(
      Array.from({ length: ROWS }, (_, id) => `${MARKER}-${id}`),
    )
  })

  test("what comes from the result cache is sealed, and the cache holds tokens", async () => {
    const find = (): Promise<Camera[]> =>
      source.getRepository(Camera).find({ order: { id: "ASC" }, cache: 60_000 })
    await find()
    const cached = await find()

    expect(cached.map(({ password }) => password.reveal())).toEqual(
      Array.from({ length: ROWS }, (_, id) => `${MARKER}-${id}`),
    )
    expect(JSON.stringify(cached)).not.toContain(MARKER)
    const [entry] = await db.rawRows(`SELECT * FROM ${db.escape("query-result-cache")}`)
    expect(inspect(entry)).toContain("gAAAAA")
    expect(inspect(entry)).not.toContain(MARKER)
  })

  test("a logger at all, and whoever prints what was found, is shown nothing", async () => {
    logger.entries.length = 0
    const cameras = source.getRepository(Camera)
    const found = await cameras.find()
    const sought = await cameras.findOneByOrFail({ password: BlindEqual(`${MARKER}-3`) })
    sought.password = Sealed.of(`${MARKER}-new`)
    await cameras.save(sought)
    await cameras.update(4, { pin: Sealed.of(`${MARKER}-other`) })
    const refused = await cameras
      .insert({ id: 1, password: Sealed.of(`${MARKER}-twice`) })
      .catch((error: unknown) => error)

    expect(logger.entries.length).toBeGreaterThan(4)
    const shown = [logger.entries, found, sought, refused]
    expect(inspect(shown, { depth: 12, showHidden: true })).not.toContain(MARKER)
    expect(JSON.stringify(found)).not.toMatch(/marker|gAAAAA/)
  })

  test("bulk work encrypts, rotates and decrypts them, padded ones too", async () => {
    const entity = Device
    await decryptColumns(source, entity)
    const plain = await stored()
    await encryptColumns(source, entity)
    const encrypted = await stored()
    const rotated = new Keyring([keys.second, keys.first])
    await rotateColumns(source, entity, { keyring: rotated })
    const [row] = await stored()

    expect(plain.map(({ password, pin }) => [password, pin]).slice(0, 2)).toEqual([
      [`${MARKER}-0`, null],
      [`${MARKER}-1`, `${MARKER}-pin-1`],
    ])
    expect(encrypted.every(({ password }) => String(password).startsWith("gAAAAA"))).toBe(true)
    expect(new Keyring([keys.second]).decryptText(String(row?.password))).toBe(`${MARKER}-0`)
  })

  test("the check of encrypted columns opens some of them", async () => {
    const { ok, tables } = await checkEncryption(source)

    expect(ok).toBe(true)
    expect(Object.values(tables[0]?.columns ?? {}).map(({ proof }) => proof)).toEqual([
      "opens",
      "opens",
    ])
  })
})
