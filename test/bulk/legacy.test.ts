import { randomBytes } from "node:crypto"

import { describe, expect, test } from "@jest/globals"
import { EncryptionTransformer } from "typeorm-encrypted"

import {
  type BulkTarget,
  encryptColumns,
  indexColumns,
  inspectColumns,
  Keyring,
  type LegacyDeclaration,
  readPrefixedTokens,
  readTypeormEncrypted,
  rotateColumns,
} from "../../src"
import { verifyColumns } from "../../src/bulk/bulk"
import { keyring, keys } from "../support/keys"
import { patientTable } from "./patient-table"

const gcm = { key: randomBytes(32).toString("hex"), algorithm: "aes-256-gcm", ivLength: 12 }
const cbc = { key: randomBytes(32).toString("hex"), algorithm: "aes-256-cbc", ivLength: 16 }

function written(options: typeof gcm, text: string): string {
  return new EncryptionTransformer(options).to(text) as string
}

function reading(legacy: LegacyDeclaration): BulkTarget {
  return { table: "patient", columns: { ssn: { legacy, blindIndex: true } } }
}

describe("a column with a legacy reader", () => {
  const target = reading([readTypeormEncrypted(gcm), readPrefixedTokens("enc:")])
  const stranger = written({ ...gcm, key: randomBytes(32).toString("hex") }, "50")
  const rows = [
    [written(gcm, "10")],
    [`enc:${keyring.encrypt("20")}`],
    ["30"],
    [keyring.encrypt("40")],
    [stranger],
    [null],
  ] as const

  test("is counted by what its cells are", async () => {
    const { source } = await patientTable(rows)

    const { columns } = await inspectColumns(source, target, { keyring })

    const rest = { stale: {}, shared: 0, unreadable: 1 }
    const counts = { null: 1, plaintext: 1, legacy: 2, current: 1, ...rest }
    expect(columns["patient.ssn"]?.after).toEqual(counts)
  })

  test("is taken over with its blind index, and what cannot be read is left and named", async () => {
    const { source, cells, opened } = await patientTable(rows)

    const report = await encryptColumns(source, target, { keyring })

    expect(opened("ssn")).toEqual({
      ...{ 10: "opened 10", 20: "opened 20", 30: "opened 30", 40: "opened 40" },
      ...{ 50: stranger, 60: null },
    })
    expect(report.columns["patient.ssn"]).toMatchObject({
      before: { plaintext: 1, legacy: 2, current: 1, unreadable: 1 },
      after: { plaintext: 0, legacy: 0, current: 4, unreadable: 1 },
    })
    expect(report.failures).toEqual([
      {
        column: "patient.ssn",
        key: ["50"],
        problem: "patient.ssn is in its legacy form, and could not be read in it.",
      },
    ])
    expect(report.indexes["patient.ssn_bidx"]).toEqual({ current: 4, missing: 0, stale: 0 })
    expect(cells("ssn_bidx")[50]).toBeNull()
  })

  test("is not verified before it is taken over", async () => {
    const { source } = await patientTable([[written(gcm, "10")]])

    const report = await verifyColumns(source, target, { keyring })

    expect(report.failures.map(({ problem }) => problem)).toContain(
      "patient.ssn is in its legacy form.",
    )
  })

  test("keeps its legacy cells through a rotation", async () => {
    const ring = new Keyring([keys.second, keys.first])
    const { source, cells } = await patientTable([[written(gcm, "10")], [keyring.encrypt("20")]])
    const before = cells("ssn")[10]

    const { columns } = await rotateColumns(source, target, { keyring: ring })

    expect(cells("ssn")[10]).toBe(before)
    expect(columns["patient.ssn"]?.after).toMatchObject({ legacy: 1, current: 1 })
  })

  test("is taken over by its bytes if the codec takes bytes", async () => {
    const bytes = Buffer.from([0, 255, 1])
    const cell = readTypeormEncrypted(gcm).encode?.(bytes, keyring) ?? ""
    const { source, cells } = await patientTable([[cell]])
    const columns = { ssn: { codec: "bytes", legacy: readTypeormEncrypted(gcm) } } as const

    await encryptColumns(source, { table: "patient", columns }, { keyring })

    expect(Buffer.from(keyring.decrypt(cells("ssn")[10] ?? ""))).toEqual(bytes)
  })
})

describe("a legacy form that does not authenticate", () => {
  const target = reading(readTypeormEncrypted(cbc))

  test("is taken over on a word only, which tells how many cells it reads", async () => {
    const wrong = written({ ...cbc, key: randomBytes(32).toString("hex") }, "20")
    const { source, opened, cells } = await patientTable([[written(cbc, "10")], [wrong]])

    await expect(encryptColumns(source, target, { keyring })).rejects.toMatchObject({
      code: "ERR_COLUMN_MISUSE",
      message: expect.stringContaining("of 2 sampled cells in a form without") as unknown,
    })
    expect(cells("ssn")[20]).toBe(wrong)

    await encryptColumns(source, target, { keyring, trustLegacy: true })
    expect(opened("ssn")[10]).toBe("opened 10")
  })

  test("asks no word once it is taken over", async () => {
    const { source } = await patientTable([[keyring.encrypt("10")]])

    await expect(encryptColumns(source, target, { keyring })).resolves.toMatchObject({ failed: 0 })
  })
})

describe("a cell that something else encrypted", () => {
  const foreign = `encrypted:${keyring.encrypt("10")}`
  const target: BulkTarget = { table: "patient", columns: { ssn: {} } }

  test("is not encrypted again, and the refusal names the mark and not the value", async () => {
    const { source, cells } = await patientTable([[foreign], ["20"]])

    const error: unknown = await encryptColumns(source, target, { keyring }).catch(
      (reason: unknown) => reason,
    )

    expect(error).toMatchObject({
      code: "ERR_COLUMN_MISUSE",
      problems: [
        expect.stringMatching(/^patient\.ssn: 1 of 2 sampled .* a token inside other text/),
      ],
    })
    expect((error as Error).message).not.toContain(foreign.slice(10))
    expect(cells("ssn")).toEqual({ 10: foreign, 20: "20" })
  })

  test("is left by itself and named where it turns up later", async () => {
    const { source, run, opened } = await patientTable([["20"]])
    const report = await encryptColumns(source, target, {
      keyring,
      batchSize: 1,
      onProgress: ({ phase }) => {
        if (phase === "change")
          run("INSERT OR IGNORE INTO patient VALUES (99, ?, NULL, NULL)", foreign)
      },
    })

    expect(opened("ssn")).toEqual({ 10: "opened 20", 99: foreign })
    expect(report.failures).toMatchObject([{ key: ["99"] }])
    expect(JSON.stringify(report)).not.toContain("gAAAA")
  })

  test("is encrypted as it is on a word", async () => {
    const { source, opened } = await patientTable([[foreign]])

    await encryptColumns(source, target, { keyring, wrapForeign: true })

    expect(opened("ssn")).toEqual({ 10: `opened ${foreign}` })
  })
})

describe("text that only looks like a token", () => {
  const target: BulkTarget = { table: "patient", columns: { ssn: {} } }

  test("is named by its row, and encrypted when that row is named", async () => {
    const { source, opened } = await patientTable([
      ["gAAAAABob"],
      ["gAAAAABob"],
      ["30"],
      [keyring.encrypt("40")],
    ])
    const first = await encryptColumns(source, target, { keyring })

    expect(first.failures.map(({ key }) => key)).toEqual([["10"], ["20"]])
    const second = await encryptColumns(source, target, { keyring, asPlaintext: [["10"]] })

    expect(opened("ssn")).toEqual({
      10: "opened gAAAAABob",
      20: "gAAAAABob",
      30: "opened 30",
      40: "opened 40",
    })
    expect(second.columns["patient.ssn"]?.after).toMatchObject({ current: 3, unreadable: 1 })
  })

  test("is never what opens: a token in a row that is named stays", async () => {
    const token = keyring.encrypt("10")
    const { source, cells } = await patientTable([[token]])

    await encryptColumns(source, target, { keyring, asPlaintext: [["10"]] })

    expect(cells("ssn")).toEqual({ 10: token })
  })
})

describe("tokens of milliseconds", () => {
  const old = new Keyring([keys.second])
  const ring = new Keyring([keys.first, keys.second])
  const token = old.encryptAtTime("10", Date.now())

  test("are neither wrapped nor left under an older key", async () => {
    const { source, target, opened, cells } = await patientTable([[token]])

    await encryptColumns(source, target, { keyring: ring })
    expect(cells("ssn")[10]).toBe(token)
    await rotateColumns(source, target, { keyring: ring })

    expect(opened("ssn")).toEqual({ 10: "opened 10" })
  })
})

describe("indexColumns", () => {
  test("fills index values of plaintext and tokens, and leaves the cells", async () => {
    const token = keyring.encrypt("20")
    const { source, target, cells } = await patientTable([["10"], [token], [null]])

    const report = await indexColumns(source, target, { keyring })

    expect(cells("ssn")).toEqual({ 10: "10", 20: token, 30: null })
    expect(cells("ssn_bidx")).toMatchObject({
      10: expect.any(String),
      20: expect.any(String),
      30: null,
    })
    expect(report).toMatchObject({ changed: 2, failed: 0 })
    const before = cells("ssn_bidx")
    await encryptColumns(source, target, { keyring })
    expect(cells("ssn_bidx")).toEqual(before)
  })

  test("lists rows that share a value under a unique index", async () => {
    const { source, target } = await patientTable([["10"], ["10"], ["30"]], { unique: true })

    const report = await indexColumns(source, target, { keyring })

    expect(report.changed).toBe(2)
    expect(report.failures).toMatchObject([
      { key: ["20"], problem: expect.stringContaining("its index is unique") as unknown },
    ])
  })
})
