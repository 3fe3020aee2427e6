import { describe, expect, test } from "@jest/globals"

import { decryptColumns, encryptColumns, Keyring, rotateColumns } from "../../../src"
import { verifyColumns } from "../../../src/bulk/bulk"
import { passOver } from "../../../src/bulk/pass/pass"
import { SharedRange } from "../../../src/bulk/pass/reader"
import { keyring, keys } from "../../support/keys"
import { forgeToken } from "../../fernet/reference"
import { patientTable } from "../patient-table"
import { hastyWorker, patientPass, sessionOf } from "./patient-pass"

/** Plaintext that begins as tokens do: only the audit finds it. */
const lookalike = "gAAAAAB and more"

describe("a row that others write between reading and writing", () => {
  test("keeps their value, which is read again and encrypted", async () => {
    const table = await patientTable([["10"], ["20"], ["30"]])
    let theirs: string | undefined = "late"
    const target = table.racing((plaintext) => {
      if (plaintext !== "20" || theirs === undefined) return
      table.run("UPDATE patient SET ssn = ? WHERE id = 20", theirs)
      theirs = undefined
    })

    const report = await encryptColumns(table.source, target, { keyring })

    expect(table.opened("ssn")).toEqual({ 10: "opened 10", 20: "opened late", 30: "opened 30" })
    expect(report).toMatchObject({ completed: true, changed: 3, raced: 1, failed: 0 })
    expect(report.columns["patient.ssn"]?.before).toMatchObject({ plaintext: 3, current: 0 })
  })

  test("is theirs if they encrypted it", async () => {
    const table = await patientTable([["10"], ["20"]])
    const theirs = keyring.encrypt("theirs")
    const target = table.racing((plaintext) => {
      if (plaintext === "20") table.run("UPDATE patient SET ssn = ? WHERE id = 20", theirs)
    })

    const report = await encryptColumns(table.source, target, { keyring, audit: false })

    expect(table.cells("ssn")[20]).toBe(theirs)
    expect(report.raced).toBe(1)
  })

  test("is no row of the run's if they deleted it", async () => {
    const table = await patientTable([["10"], ["20"]])
    const target = table.racing((plaintext) => {
      if (plaintext === "20") table.run("DELETE FROM patient WHERE id = 20")
    })

    const report = await encryptColumns(table.source, target, { keyring })

    expect(table.opened("ssn")).toEqual({ 10: "opened 10" })
    expect(report).toMatchObject({ completed: true, changed: 1, raced: 1, failed: 0 })
    expect(report.columns["patient.ssn"]).toMatchObject({
      before: { plaintext: 1, current: 0 },
      after: { plaintext: 0, current: 1 },
    })
  })

  test("is written after however many of their writes", async () => {
    const table = await patientTable([["10"], ["20"]])
    let writes = 0
    const target = table.racing((plaintext) => {
      if (plaintext === "10" || writes === 9) return
      table.run("UPDATE patient SET ssn = ? WHERE id = 20", `write ${++writes}`)
    })

    const report = await encryptColumns(table.source, target, { keyring, audit: false })

    expect(table.opened("ssn")).toEqual({ 10: "opened 10", 20: "opened write 9" })
    expect(report).toMatchObject({ completed: true, changed: 2, failed: 0 })
  })

  test("is left and listed if they write it again and again", async () => {
    const table = await patientTable([["10"], ["20"]])
    let writes = 0
    const target = table.racing((plaintext) => {
      if (plaintext === "10") return
      table.run("UPDATE patient SET ssn = ? WHERE id = 20", `write ${++writes}`)
    })

    const report = await encryptColumns(table.source, target, { keyring })

    expect(table.opened("ssn")).toEqual({ 10: "opened 10", 20: `write ${writes}` })
    expect(report).toMatchObject({ completed: true, changed: 1, failed: 2 })
    expect(report.failures.map(({ column, key }) => [column, ...key])).toEqual([
      ["patient.ssn", "20"],
      ["patient.ssn_bidx", "20"],
    ])
    expect(report.columns["patient.ssn"]?.after).toMatchObject({ plaintext: 1, current: 1 })
  })

  test.each(["note", "ssn_bidx"])(
    "keeps their value of another column that the run reads, %s",
    async (column) => {
      const table = await patientTable([["10"], ["20"]])
      let isFirst = true
      const target = table.racing((plaintext) => {
        if (plaintext !== "20" || !isFirst) return
        isFirst = false
        table.run(`UPDATE patient SET ${column} = 'theirs' WHERE id = 20`)
      })

      const report = await encryptColumns(table.source, target, { keyring })

      expect(report).toMatchObject({ changed: 2, raced: 1, failed: 0 })
      expect(table.opened("ssn")).toEqual({ 10: "opened 10", 20: "opened 20" })
      if (column === "note") expect(table.opened("note")[20]).toBe("opened theirs")
      else expect(report.indexes["patient.ssn_bidx"]).toMatchObject({ current: 2, stale: 0 })
    },
  )

  test("is read as it was committed last, where the run is a part of a transaction", async () => {
    const table = await patientTable([["10"]])
    const session = await sessionOf(table)
    const { dialect } = session
    const asked: unknown[] = []
    const read: typeof dialect.read = (...given) => {
      asked.push([given[2].upTo, given[2].latest])
      return dialect.read(...given)
    }
    const worker = hastyWorker({ ...session, dialect: { ...dialect, read } })
    let isFirst = true
    const target = table.racing(() => {
      if (isFirst) table.run("UPDATE patient SET ssn = 'late'")
      isFirst = false
    })
    const pass = await patientPass(table, session, { target })

    await passOver(pass, { ...worker, inTransaction: true }, new SharedRange())

    expect(asked).toEqual([
      [undefined, false],
      [[10n], true],
    ])
    expect(table.opened("ssn")).toEqual({ 10: "opened late" })
  })

  test("does not hide rows that they add between the others", async () => {
    const table = await patientTable([["10"], ["20"], ["30"]])
    let isFirst = true
    const target = table.racing((plaintext) => {
      if (plaintext !== "20" || !isFirst) return
      isFirst = false
      table.run("UPDATE patient SET ssn = 'late' WHERE id = 20")
      for (let id = 11; id < 20; id++)
        table.run("INSERT INTO patient VALUES (?, 'x', 'y', NULL)", id)
    })

    const options = { keyring, batchSize: 2, audit: false }
    const report = await encryptColumns(table.source, target, options)

    expect(new Set(Object.values(table.opened("ssn")))).toEqual(
      new Set(["opened 10", "opened late", "opened x", "opened 30"]),
    )
    expect(report).toMatchObject({ completed: true, changed: 12, raced: 1 })
  })
})

describe("a row that the database keeps as it is", () => {
  const keep =
    "CREATE TRIGGER keep BEFORE UPDATE ON patient WHEN new.id = 20 BEGIN SELECT RAISE(IGNORE); END"

  test("is not counted as changed nor as raced, but listed", async () => {
    const table = await patientTable([["10"], ["20"], ["30"]])
    table.run(keep)

    const report = await encryptColumns(table.source, table.target, { keyring })

    expect(table.opened("ssn")).toEqual({ 10: "opened 10", 20: "20", 30: "opened 30" })
    expect(report).toMatchObject({ completed: true, changed: 2, raced: 0, failed: 2 })
    expect(report.failures[0]).toMatchObject({
      key: ["20"],
      problem: "patient.ssn is left as it was: the database kept it, as a trigger may.",
    })
    expect(report.columns["patient.ssn"]?.after).toMatchObject({ plaintext: 1, current: 2 })
  })

  test("is written three times, and no more", async () => {
    const table = await patientTable([["10"], ["20"]])
    table.run("CREATE TABLE tried (id integer)")
    table.run(keep.replace("BEGIN SELECT", "BEGIN INSERT INTO tried VALUES (new.id); SELECT"))

    await encryptColumns(table.source, table.target, { keyring, audit: false })

    expect(table.count("tried")).toBe(3)
  })

  test("is listed without the audit as well", async () => {
    const table = await patientTable([["10"], ["20"]])
    table.run(keep)

    const report = await encryptColumns(table.source, table.target, { keyring, audit: false })

    expect(report.failures.map(({ key }) => key)).toEqual([["20"], ["20"]])
    expect(report).toMatchObject({ rows: 2, columns: {}, indexes: {} })
  })

  test("is found by the audit, which looks again at what it wrote itself", async () => {
    const table = await patientTable([[lookalike], ["20"]])
    table.run(
      "CREATE TRIGGER undo AFTER UPDATE ON patient WHEN new.id = 10 BEGIN " +
        "UPDATE patient SET ssn = old.ssn WHERE id = 10; END",
    )

    const report = await encryptColumns(table.source, table.unindexed, { keyring })

    expect(table.cells("ssn")[10]).toBe(lookalike)
    expect(report).toMatchObject({ changed: 1, failed: 1 })
    expect(report.columns["patient.ssn"]?.after).toMatchObject({ plaintext: 1, current: 1 })
  })
})

describe("a row in which a trigger stores something else", () => {
  const shorten =
    "CREATE TRIGGER shorten AFTER UPDATE ON patient WHEN new.id = 20 BEGIN " +
    "UPDATE patient SET ssn = substr(new.ssn, 1, 20) WHERE id = 20; END"

  test("ends the run, with all of its batch as it was", async () => {
    const rows = [["10"], ["20"], ["30"]] as const
    const table = await patientTable(rows)
    table.run(shorten)

    const running = encryptColumns(table.source, table.target, { keyring })

    await expect(running).rejects.toMatchObject({
      code: "ERR_COLUMN_MISUSE",
      message: expect.stringMatching(
        /A trigger changes what is written to patient\.ssn or patient\.note, as in row 20,/,
      ) as unknown,
    })
    expect(table.cells("ssn")).toEqual({ 10: "10", 20: "20", 30: "30" })
  })

  test("ends it in a dry run nowhere, as nothing is written", async () => {
    const table = await patientTable([["10"], ["20"]])
    table.run(shorten)

    const report = await encryptColumns(table.source, table.target, { keyring, dryRun: true })

    expect(report).toMatchObject({ completed: true, changed: 2, failed: 0 })
  })
})

describe("the audit", () => {
  test("encrypts plaintext that begins as tokens do", async () => {
    const table = await patientTable([[lookalike], ["20"]])

    const report = await encryptColumns(table.source, table.unindexed, { keyring })

    expect(table.opened("ssn")).toEqual({ 10: `opened ${lookalike}`, 20: "opened 20" })
    expect(report).toMatchObject({ changed: 2, failed: 0 })
    expect(report.columns["patient.ssn"]).toMatchObject({
      before: { plaintext: 2, current: 0 },
      after: { plaintext: 0, current: 2 },
    })
  })

  test("lists tokens that no key opens, each once", async () => {
    const stranger = new Keyring([keys.second]).encrypt("20")
    const table = await patientTable([["10"], [stranger]])

    const report = await encryptColumns(table.source, table.target, { keyring, force: true })

    expect(report.failures).toMatchObject([{ key: ["20"], column: "patient.ssn" }])
    expect(report.columns["patient.ssn"]?.after).toMatchObject({ current: 1, unreadable: 1 })
    expect(table.cells("ssn_bidx")[20]).toBeNull()
  })
})

describe("a dry run", () => {
  test.each([true, false])("counts and writes nothing, audited or not: %s", async (audit) => {
    const table = await patientTable([["10"], [null], ["30", "note"]])

    const options = { keyring, dryRun: true, audit }
    const report = await encryptColumns(table.source, table.target, options)

    expect(table.cells("ssn")).toEqual({ 10: "10", 20: null, 30: "30" })
    expect(table.cells("ssn_bidx")).toEqual({ 10: null, 20: null, 30: null })
    expect(report).toMatchObject({ completed: true, changed: 2, failed: 0 })
  })
})

describe("encryption", () => {
  test("fills the index along with the column, and again where it is missing", async () => {
    const table = await patientTable([["10"], ["20"]])
    await encryptColumns(table.source, table.target, { keyring })
    const before = table.cells("ssn_bidx")
    table.run("UPDATE patient SET ssn_bidx = NULL WHERE id = 20")

    const report = await encryptColumns(table.source, table.target, { keyring })

    expect(table.cells("ssn_bidx")).toEqual(before)
    expect(report).toMatchObject({ changed: 1, indexes: { "patient.ssn_bidx": { current: 2 } } })
  })

  test("makes the index of a NULL cell NULL", async () => {
    const table = await patientTable([[null]])
    table.run("UPDATE patient SET ssn_bidx = 'left behind'")

    await encryptColumns(table.source, table.target, { keyring })

    expect(table.cells("ssn_bidx")).toEqual({ 10: null })
  })

  test("leaves a value out that a unique index holds already, and writes all others", async () => {
    const ssns = Array.from({ length: 9 }, (_, i) => String((i + 1) * 10))
    const table = await patientTable(
      [...ssns, "50"].map((ssn) => [ssn] as const),
      { unique: true },
    )

    const report = await encryptColumns(table.source, table.target, { keyring })

    const opened = Object.values(table.opened("ssn"))
    expect(opened.filter((cell) => cell?.startsWith("opened"))).toHaveLength(9)
    expect(opened).toContain("50")
    expect(report).toMatchObject({ completed: true, changed: 9, failed: 2 })
    expect(report.failures[1]?.problem).toContain("its index is unique")
  })
})

describe("rotation", () => {
  const both = new Keyring([keys.second, keys.first])

  test("moves tokens and their index to the first key", async () => {
    const table = await patientTable([["10"], ["20"]])
    await encryptColumns(table.source, table.target, { keyring })
    const before = table.cells("ssn_bidx")

    const report = await rotateColumns(table.source, table.target, { keyring: both })

    const newer = new Keyring([keys.second])
    expect(newer.decryptText(table.cells("ssn")[20] ?? "")).toBe("20")
    expect(table.cells("ssn_bidx")[20]).not.toBe(before[20])
    expect(report).toMatchObject({ changed: 2, indexes: { "patient.ssn_bidx": { current: 2 } } })
    expect(report.columns["patient.ssn"]).toMatchObject({
      before: { stale: { [both.fingerprints[1] ?? ""]: 2 }, current: 0 },
      after: { stale: {}, current: 2 },
    })
  })

  test("leaves plaintext, and a value that begins as tokens do", async () => {
    const table = await patientTable([["10"], [lookalike]])

    const report = await rotateColumns(table.source, table.unindexed, { keyring: both })

    expect(table.cells("ssn")).toEqual({ 10: "10", 20: lookalike })
    expect(report.columns["patient.ssn"]?.after).toMatchObject({ plaintext: 2 })
  })
})

describe("a token that is malformed inside, though signed", () => {
  const malformed = forgeToken(keys.first, Buffer.alloc(16))

  test("is left and listed by rotation, which moves all others", async () => {
    const table = await patientTable([[keyring.encrypt("10")], [malformed]])
    const both = new Keyring([keys.second, keys.first])

    const report = await rotateColumns(table.source, table.unindexed, { keyring: both })

    expect(table.cells("ssn")[20]).toBe(malformed)
    expect(report).toMatchObject({ changed: 1, failed: 1 })
    expect(report.failures[0]?.problem).toContain("malformed inside")
  })

  test("is left and listed by decryption", async () => {
    const table = await patientTable([[keyring.encrypt("10")], [malformed]])

    const report = await decryptColumns(table.source, table.target, { keyring })

    expect(table.cells("ssn")).toEqual({ 10: "10", 20: malformed })
    expect(report.failures.map(({ key }) => key)).toEqual([["20"]])
  })
})

describe("decryption", () => {
  test("clears the index of what it decrypts, and keeps that of what stays encrypted", async () => {
    const bytes = keyring.encrypt(Buffer.from([0xff, 0xfe]))
    const table = await patientTable([["10"], [bytes]])
    await encryptColumns(table.source, table.target, { keyring })
    table.run("UPDATE patient SET ssn_bidx = 'kept' WHERE id = 20")
    const before = table.cells("ssn_bidx")

    const report = await decryptColumns(table.source, table.target, { keyring })

    expect(table.cells("ssn")[10]).toBe("10")
    expect(table.cells("ssn")[20]).toBe(bytes)
    expect(table.cells("ssn_bidx")).toEqual({ 10: null, 20: before[20] })
    expect(report).toMatchObject({ changed: 1, failed: 1 })
    expect(Object.values(report.indexes)).toMatchObject([{ missing: 0 }])
  })

  test("gives a text its NUL characters back, for which SQLite has room", async () => {
    const table = await patientTable([["a\0b"], ["\0"]])
    await encryptColumns(table.source, table.target, { keyring })

    const report = await decryptColumns(table.source, table.target, { keyring })

    expect(table.cells("ssn")).toEqual({ 10: "a\0b", 20: "\0" })
    expect(report).toMatchObject({ changed: 2, failed: 0 })
  })

  test("leaves what is not text encrypted", async () => {
    const bytes = keyring.encrypt(Buffer.from([0xff, 0xfe]))
    const table = await patientTable([[bytes]])

    const report = await decryptColumns(table.source, table.target, { keyring })

    expect(table.cells("ssn")).toEqual({ 10: bytes })
    expect(report.failures[0]?.problem).toContain("its plaintext is not text")
  })

  test("says of bytes that are no text why they stay as they are", async () => {
    const table = await patientTable([["10"], ["20"]])
    await table.source.query("UPDATE patient SET ssn = x'ff80' WHERE ssn = '20'")

    const report = await encryptColumns(table.source, table.target, { keyring })

    const left = expect.stringContaining("bytes that are no text in UTF-8")
    expect(report.failures.map(({ problem }) => problem)).toEqual([left, left])
    expect(report).toMatchObject({ changed: 1, completed: true })
  })

  test("counts what it made by what it is, even if it begins as tokens do", async () => {
    const table = await patientTable([[keyring.encrypt(lookalike)], [keyring.encrypt("20")]])

    const report = await decryptColumns(table.source, table.target, { keyring })

    expect(report.columns["patient.ssn"]).toMatchObject({
      before: { plaintext: 0, current: 2 },
      after: { plaintext: 2, current: 0 },
    })
  })
})

describe("verification", () => {
  test("lists plaintext, what its codec refuses, and index values that are wrong", async () => {
    const table = await patientTable([["10"], ["20"], ["30"], ["40"]])
    await encryptColumns(table.source, table.target, { keyring })
    table.run("UPDATE patient SET ssn_bidx = NULL WHERE id = 20")
    table.run("UPDATE patient SET ssn_bidx = 'other' WHERE id = 30")
    table.run("UPDATE patient SET note = 'plain' WHERE id = 40")
    const picky = table.racing((plaintext) => {
      if (plaintext === "10") throw new TypeError("10")
    })

    const { failures } = await verifyColumns(table.source, picky, { keyring })

    expect(failures.map(({ column, key: [id] }) => [id, column])).toEqual([
      ["10", "patient.ssn"],
      ["20", "patient.ssn_bidx"],
      ["30", "patient.ssn_bidx"],
      ["40", "patient.note"],
    ])
    expect(failures.map(({ problem }) => problem)).toEqual([
      "patient.ssn opens, but its codec failed with a TypeError.",
      expect.stringContaining("is NULL"),
      expect.stringContaining("is not the index value"),
      "patient.note holds plaintext.",
    ])
  })

  test("writes nothing", async () => {
    const table = await patientTable([["10"]])

    const report = await verifyColumns(table.source, table.target, { keyring })

    expect(table.cells("ssn")).toEqual({ 10: "10" })
    expect(report).toMatchObject({ changed: 0, failed: 2 })
  })
})
