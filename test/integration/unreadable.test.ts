import { beforeAll, beforeEach, expect, test } from "@jest/globals"
import { type DataSource, Entity, PrimaryColumn, type Repository } from "typeorm"

import { EncryptedColumn, Keyring, withEncryption } from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring, keys } from "../support/keys"

const DAY = 24 * 60 * 60

@Entity()
class Patient {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true }) ssn?: string | null
  @EncryptedColumn({ nullable: true, codec: "number" }) weight?: number | null
  @EncryptedColumn({ nullable: true, codec: "json" }) history?: unknown
  @EncryptedColumn({ nullable: true, codec: "bytes" }) photo?: Uint8Array | null
  @EncryptedColumn({ nullable: true, codec: "date" }) bornOn?: Date | null
  @EncryptedColumn({ nullable: true, ttl: DAY }) pin?: string | null
  @EncryptedColumn({ nullable: true, plaintext: "allow" }) lenient?: string | null
  @EncryptedColumn({ nullable: true, plaintext: "reject" }) strict?: string | null
}

const now = Math.floor(Date.now() / 1000)
const token = keyring.encrypt("078-05-1120")
const tampered = `${token.slice(0, 60)}${token[60] === "A" ? "B" : "A"}${token.slice(61)}`
const foreign = new Keyring([keys.second]).encrypt("078-05-1120")

eachDatabase("an unreadable cell", (db) => {
  let rejecting: DataSource
  let patients: Repository<Patient>
  let allowing: Repository<Patient>

  beforeAll(async () => {
    const bind = (plaintext: "allow" | "reject") =>
      db.connect({ entities: [Patient], synchronize: true }, (source) =>
        withEncryption(source, { keyring, plaintext }),
      )
    rejecting = await bind("reject")
    patients = rejecting.getRepository(Patient)
    allowing = (await bind("allow")).getRepository(Patient)
  })

  beforeEach(async () => {
    await patients.clear()
    await patients.insert([{ id: 1, ssn: "078-05-1120" }, { id: 2 }])
  })

  /** Writes a cell past the ORM. */
  const store = (column: keyof Patient, cell: string, id = 1) =>
    db.rawRows(
      `UPDATE ${db.escape("patient")} SET ${db.escape(column)} = '${cell}' ` +
        `WHERE ${db.escape("id")} = ${id}`,
    )

  test.each([
    ["altered", tampered, "unknown-key", "was altered, or encrypted under a key that is not in"],
    ["under another key", foreign, "unknown-key", "not in the keyring (it has "],
    ["truncated", token.slice(0, -4), "malformed", "is a token that was truncated or damaged"],
    ["shortened by a block", token.slice(0, 80), "malformed", "truncated or damaged"],
    ["only a head", "gAAAAABk", "malformed", "truncated or damaged"],
    ["legacy plaintext", "123-45-6789", "plaintext", 'with `plaintext: "allow"`'],
    ["empty plaintext", "", "plaintext", "Encrypt the existing rows of the table"],
    ["plaintext like a token's head", "gAAAAA is a prefix", "plaintext", "is not encrypted"],
    ["a token of bytes", keyring.encrypt(new Uint8Array([255])), "malformed", "authentic token"],
  ] as const)("that is %s rejects the whole find", async (_state, cell, reason, message) => {
    await store("ssn", cell)

    await expect(patients.find()).rejects.toMatchObject({
      name: "DecryptionError",
      code: "ERR_DECRYPTION_FAILED",
      property: "Patient.ssn",
      reason,
      message: expect.stringContaining(message) as unknown,
    })
    await expect(patients.find()).rejects.not.toMatchObject({
      message: expect.stringMatching(/078|gAAAAABk|123/) as unknown,
    })
  })

  test("does not keep other rows from being read", async () => {
    await store("ssn", tampered)

    expect(await patients.findOneBy({ id: 2 })).toMatchObject({ id: 2, ssn: null })
    expect(await patients.count()).toBe(2)
    expect(await patients.find({ select: { id: true } })).toHaveLength(2)
  })

  test.each([tampered, "123-45-6789", token.slice(0, -4)])(
    "is repaired by update() and read again (%#)",
    async (cell) => {
      await store("ssn", cell)

      await patients.update(1, { ssn: "repaired" })

      expect(await patients.findOneBy({ id: 1 })).toMatchObject({ ssn: "repaired" })
    },
  )

  test("can be deleted", async () => {
    await store("ssn", tampered)

    await patients.delete(1)

    expect(await patients.count()).toBe(1)
  })

  test.each([
    ["weight", "abc", "its codec expected a number in decimal"],
    ["weight", "9007199254740993", 'use the codec "bigint"'],
    ["history", "{", "its codec expected JSON"],
    ["bornOn", "2020-01-01T00:00:00", "with its offset from UTC"],
  ] as const)("holds a token of another codec: %s of %s", async (property, plaintext, message) => {
    await store(property, keyring.encrypt(plaintext))

    await expect(patients.find()).rejects.toMatchObject({
      property: `Patient.${property}`,
      reason: "malformed",
      message: expect.stringContaining(message) as unknown,
    })
  })

  test("is older than the column's ttl", async () => {
    await store("pin", keyring.encryptAtTime("1234", now - DAY / 2))
    expect(await patients.findOneBy({ id: 1 })).toMatchObject({ pin: "1234" })

    await store("pin", keyring.encryptAtTime("1234", now - DAY * 2))

    await expect(patients.find()).rejects.toMatchObject({
      property: "Patient.pin",
      reason: "expired",
      message: expect.stringContaining("older than the column's ttl, or from") as unknown,
    })
    await patients.update(1, { pin: "9999" })
    expect(await patients.findOneBy({ id: 1 })).toMatchObject({ pin: "9999" })
  })

  test("is stamped in the future, beyond what clocks may differ", async () => {
    await store("pin", keyring.encryptAtTime("1234", now + 30))
    expect(await patients.findOneBy({ id: 1 })).toMatchObject({ pin: "1234" })

    await store("pin", keyring.encryptAtTime("1234", now + 3600))

    await expect(patients.find()).rejects.toMatchObject({ property: "Patient.pin" })
  })

  test("of bytes in a column of text with a ttl is malformed, not expired", async () => {
    await store("pin", keyring.encrypt(new Uint8Array([255])))

    await expect(patients.find()).rejects.toMatchObject({ reason: "malformed" })
  })

  test("is legacy plaintext where that is allowed, and is read as it is", async () => {
    await store("ssn", "123-45-6789")
    await store("weight", "81.5")
    await store("history", '{"a": [1]}')
    await store("photo", "AAEC")
    await store("bornOn", "2020-01-01T00:00:00Z")

    expect(await allowing.findOneBy({ id: 1 })).toMatchObject({
      ssn: "123-45-6789",
      weight: 81.5,
      history: { a: [1] },
      photo: Buffer.from("AAEC"),
      bornOn: new Date("2020-01-01T00:00:00Z"),
    })
  })

  test("is legacy plaintext that its codec cannot read", async () => {
    await store("weight", "heavy")

    await expect(allowing.find()).rejects.toMatchObject({
      property: "Patient.weight",
      reason: "plaintext",
      message: expect.not.stringContaining("heavy") as unknown,
    })
  })

  test("is allowed or rejected by its column before its DataSource", async () => {
    await store("lenient", "legacy")
    expect(await patients.findOneBy({ id: 1 })).toMatchObject({ lenient: "legacy" })

    await store("strict", "legacy")

    for (const repository of [patients, allowing]) {
      await expect(repository.find()).rejects.toMatchObject({
        property: "Patient.strict",
        reason: "plaintext",
      })
    }
  })

  test.each([
    [tampered, "unknown-key"],
    [foreign, "unknown-key"],
    [token.slice(0, -4), "malformed"],
  ])("is never read as plaintext even where that is allowed (%#)", async (cell, reason) => {
    await store("ssn", cell)

    await expect(allowing.find()).rejects.toMatchObject({ property: "Patient.ssn", reason })
  })

  test("of legacy plaintext is encrypted when it is saved with a change", async () => {
    await store("ssn", "123-45-6789")
    const patient = await allowing.findOneByOrFail({ id: 1 })

    await allowing.save(Object.assign(patient, { ssn: "changed" }))

    expect(await patients.findOneBy({ id: 1 })).toMatchObject({ ssn: "changed" })
  })
})

eachDatabase("a value that begins like a token", (db) => {
  test.each(["gAAAAA", "gAAAAABk is no token", foreign, `${token} `, token.slice(0, -4)])(
    "is encrypted and read back (%#)",
    async (ssn) => {
      const source = await db.connect({ entities: [Patient], synchronize: true }, (unbound) =>
        withEncryption(unbound, { keyring }),
      )
      const patients = source.getRepository(Patient)
      await patients.save({ id: 1, ssn })

      const [row] = await db.rawRows(`SELECT * FROM ${db.escape("patient")}`)

      expect(keyring.decryptText(row?.ssn as string)).toBe(ssn)
      expect(await patients.findOneBy({ id: 1 })).toMatchObject({ ssn })
    },
  )
})
