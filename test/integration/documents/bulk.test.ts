import { beforeEach, describe, expect, test } from "@jest/globals"
import type { DataSource } from "typeorm"

import {
  type BulkReport,
  type BulkTarget,
  checkEncryption,
  decryptColumns,
  encryptColumns,
  generateKey,
  inspectColumns,
  Keyring,
  type LegacyReader,
  rotateColumns,
  withEncryption,
} from "../../../src"
import { verifyColumns } from "../../../src/bulk/bulk"
import { eachDatabase, type TestDatabase } from "../../support/databases"
import { keyring, keys } from "../../support/keys"
import { documentTypes, encryptedWebhooks, everything, secretPaths, stored } from "./webhooks"

const old = new Keyring([keys.second])
const both = new Keyring([keys.first, keys.second])
const stranger = new Keyring([generateKey()])
const token = expect.stringMatching(/^gAAAAA/) as unknown

const webhooks = {
  table: "webhook",
  columns: { config: { codec: "json", paths: secretPaths } },
} as const satisfies BulkTarget

/** Numbers that JavaScript has no room for, and spaces that it would not write. */
const exact =
  '{"kind": "exact", "big": 12345678901234567890.1234567890, "headers": {"Authorization": 98765432109876543210.50}}'

eachDatabase("bulk work on parts of documents", (db) => {
  describe.each(documentTypes[db.name].filter((type) => type !== "simple-json"))(
    "in a column of type %s",
    (type) => {
      declareBulk(db, type)
    },
  )
})

function declareBulk(db: TestDatabase, type: string): void {
  let source: DataSource

  beforeEach(async () => {
    source = await db.connect()
    await db.dropAllTables()
    await db.rawRows(
      `CREATE TABLE webhook (id int PRIMARY KEY, config ${type}, version int NOT NULL DEFAULT 1)`,
    )
  })

  async function fill(...documents: unknown[]): Promise<void> {
    for (const [i, document] of documents.entries()) {
      const text = typeof document === "string" ? document : JSON.stringify(document)
      const places = db.name === "PostgreSQL" ? "$1, $2" : "?, ?"
      await db.rawRows(`INSERT INTO webhook (id, config) VALUES (${places})`, [
        i + 1,
        document === null ? null : text,
      ])
    }
  }

  /** The documents as they are spelt. */
  async function texts(): Promise<unknown[]> {
    const types = { PostgreSQL: "text", MariaDB: "char", SQLite: "text" }
    const text = `CAST(config AS ${types[db.name]})`
    const rows = await db.rawRows(`SELECT ${text} AS config FROM webhook ORDER BY id`)
    return rows.map(({ config }) => config)
  }

  const documents = async () => (await texts()).map(stored)
  const after = (report: BulkReport) => report.columns["webhook.config"]?.after

  test("encrypts the leaves, leaves the rest to the last digit, and decrypts them again", async () => {
    await fill(everything, exact, null, { kind: "none" }, [1, 2], { headers: "text" })
    const before = await texts()

    const report = await encryptColumns(source, webhooks, { keyring })
    expect(report).toMatchObject({ changed: 2, failed: 0, completed: true })
    expect(after(report)).toMatchObject({ current: 2, plaintext: 0, null: 4 })
    const [first, second] = await documents()
    expect(first).toEqual({
      ...everything,
      headers: { ...everything.headers, Authorization: token },
      actions: [{ token, name: "first" }, { token: null }, { token }, { token }, {}],
      "x.y": token,
    })
    const [, spelt] = await texts()
    expect(spelt).toContain("12345678901234567890.1234567890")
    const { Authorization } = (second as { headers: { Authorization: string } }).headers
    expect(keyring.decryptText(Authorization)).toBe("98765432109876543210.50")

    expect(await encryptColumns(source, webhooks, { keyring })).toMatchObject({ changed: 0 })
    expect(await verifyColumns(source, webhooks, { keyring })).toMatchObject({ failed: 0 })
    expect(await decryptColumns(source, webhooks, { keyring })).toMatchObject({
      changed: 2,
      failed: 0,
    })
    expect(await texts()).toEqual(before)
  })

  test("rotates the leaves that are under another key, with their timestamps", async () => {
    const stale = old.encryptAtTime('"x"', 1_600_000_000)
    const current = keyring.encrypt('"y"')
    await fill({ headers: { Authorization: stale }, "x.y": current }, { "x.y": current })
    const inspected = await inspectColumns(source, webhooks, { keyring: both })
    expect(after(inspected)).toMatchObject({
      current: 1,
      stale: { [old.fingerprints[0] ?? ""]: 1 },
    })

    const report = await rotateColumns(source, webhooks, { keyring: both })
    expect(report).toMatchObject({ changed: 1, failed: 0 })
    expect(after(report)).toMatchObject({ current: 2 })
    const [document] = (await documents()) as [
      { headers: { Authorization: string }; "x.y": string },
    ]
    expect(document["x.y"]).toBe(current)
    expect(keyring.decryptText(document.headers.Authorization)).toBe('"x"')
    expect(keyring.extractTimestamp(document.headers.Authorization)).toBe(1_600_000_000)
  })

  test("tells the state of a document by the leaf that asks for most", async () => {
    const [stale, current, foreign] = [old, keyring, stranger].map((ring) => ring.encrypt('"x"'))
    const webhook = (Authorization: unknown, other: unknown) => ({
      headers: { Authorization },
      "x.y": other,
    })
    await fill(
      webhook(current, current),
      webhook(current, stale),
      webhook("plain", stale),
      webhook(7, current),
      webhook(foreign, "plain"),
      webhook(null, null),
      { elsewhere: foreign },
    )

    const inspected = await inspectColumns(source, webhooks, { keyring: both })
    expect(after(inspected)).toMatchObject({
      current: 1,
      stale: { [old.fingerprints[0] ?? ""]: 1 },
      plaintext: 2,
      unreadable: 1,
      null: 2,
    })
    expect(inspected.failures).toMatchObject([{ key: ["5"] }])

    const report = await encryptColumns(source, webhooks, { keyring: both })
    expect(report).toMatchObject({ changed: 2, failed: 1 })
    // What was encrypted beside an older token is not under the first key as a whole
    expect(after(report)).toMatchObject({ current: 2, stale: { [old.fingerprints[0] ?? ""]: 2 } })
    const [, , third, , fifth] = await documents()
    expect(third).toEqual(webhook(token, stale))
    expect(fifth).toEqual(webhook(foreign, "plain"))
    const verified = await verifyColumns(source, webhooks, { keyring: both })
    expect(verified.failures).toMatchObject([{ key: ["5"] }])
  })

  test("refuses what an array hides from a path that has no *", async () => {
    await fill({ headers: [{ Authorization: "s3cret" }], "x.y": "other" })

    const report = await encryptColumns(source, webhooks, { keyring })
    expect(report).toMatchObject({ changed: 1, failed: 1 })
    expect(report.failures[0]?.problem).toContain("an array stands where headers.Authorization has")
    const verified = await verifyColumns(source, webhooks, { keyring })
    expect(verified).toMatchObject({ failed: 1 })
    expect(JSON.stringify([report, verified])).not.toContain("s3cret")
  })

  test("takes leaves over from their legacy form, and refuses foreign ones", async () => {
    const legacy: LegacyReader = {
      authenticated: true,
      is: (text) => text.startsWith("old:"),
      decode: (text) => text.slice(4),
    }
    const target = { ...webhooks, columns: { config: { ...webhooks.columns.config, legacy } } }
    await fill({ "x.y": "old:123", elsewhere: "old:123" })
    const inspected = await inspectColumns(source, target, { keyring })
    expect(after(inspected)).toMatchObject({ legacy: 1 })
    await encryptColumns(source, target, { keyring })
    const [taken] = (await documents()) as [{ "x.y": string }]
    expect(taken).toEqual({ "x.y": token, elsewhere: "old:123" })
    expect(keyring.decryptText(taken["x.y"])).toBe('"123"')

    await db.rawRows("DELETE FROM webhook")
    await fill({ "x.y": "vault:v1:abc" })
    await expect(encryptColumns(source, webhooks, { keyring })).rejects.toMatchObject({
      message: expect.stringContaining("vault:v1:") as unknown,
    })
    await encryptColumns(source, webhooks, { keyring, wrapForeign: true })
    expect(await documents()).toEqual([{ "x.y": token }])
  })

  test("takes text for what it is where that is declared", async () => {
    await fill({ "x.y": "gAAAAABob" }, { "x.y": "gAAAAABeve" })

    const report = await encryptColumns(source, webhooks, {
      keyring,
      asPlaintext: [["1"]],
      force: true,
    })
    expect(report.failures).toMatchObject([{ key: ["2"] }])
    const [first, second] = (await documents()) as [{ "x.y": string }, unknown]
    expect(keyring.decryptText(first["x.y"])).toBe('"gAAAAABob"')
    expect(second).toEqual({ "x.y": "gAAAAABeve" })
  })

  test("ends with the wrong keys before anything is written", async () => {
    await fill({ "x.y": keyring.encrypt('"x"') }, { "x.y": "plain" })

    for (const run of [encryptColumns, rotateColumns, decryptColumns]) {
      await expect(run(source, webhooks, { keyring: stranger })).rejects.toMatchObject({
        code: "ERR_KEY_INVALID",
      })
    }
    expect((await documents())[1]).toEqual({ "x.y": "plain" })
  })

  test("leaves what others write meanwhile, and what is no JSON", async () => {
    if (type === "text") {
      await fill("no JSON", JSON.stringify(everything), keyring.encrypt("{}"))
      const report = await encryptColumns(source, webhooks, { keyring, force: true })
      expect(report.failures).toMatchObject([{ key: ["1"] }, { key: ["3"] }])
      expect(after(report)).toMatchObject({ current: 1, unreadable: 2 })
      return
    }
    await fill(...Array.from({ length: 20 }, () => everything))
    const report = await encryptColumns(source, webhooks, { keyring, batchSize: 5 })
    expect(report).toMatchObject({ changed: 20, failed: 0 })
  })

  test("leaves encrypted what opens to no JSON", async () => {
    await fill({
      "x.y": keyring.encrypt("made by others"),
      headers: { Authorization: keyring.encrypt("1") },
    })

    const report = await decryptColumns(source, webhooks, { keyring })
    expect(report.failures[0]?.problem).toContain("the plaintext of a leaf is no JSON")
    expect(await documents()).toEqual([{ "x.y": token, headers: { Authorization: 1 } }])
  })

  test("works on an entity, which says what is wrong and takes no constraint", async () => {
    const bound = await db.connect({ entities: [encryptedWebhooks(type as "json")] }, (unbound) =>
      withEncryption(unbound, { keyring, plaintext: "allow" }),
    )
    await fill(everything, { "x.y": "plain" })
    expect(await bound.getRepository("Webhook").find({ order: { id: "ASC" } })).toMatchObject([
      { config: everything },
      { config: { "x.y": "plain" } },
    ])
    expect((await checkEncryption(bound)).tables[0]?.columns["Webhook.config"]).toMatchObject({
      proof: "empty",
      cells: { plaintext: 2 },
    })

    await expect(encryptColumns(bound, "Webhook", { constrain: true })).rejects.toThrow(
      "take no constraint",
    )
    const report = await encryptColumns(bound, "Webhook")
    expect(report).toMatchObject({ failed: 0, drift: [], constrained: [] })
    const check = await checkEncryption(bound)
    expect(check).toMatchObject({ ok: true })
    expect(check.tables[0]?.columns["Webhook.config"]).toMatchObject({ proof: "opens", foreign: 0 })
    expect(await bound.getRepository("Webhook").findOneBy({ id: 1 })).toMatchObject({
      config: everything,
    })
  })
}
