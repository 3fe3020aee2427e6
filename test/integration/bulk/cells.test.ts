import { beforeEach, expect, test } from "@jest/globals"
import type { DataSource } from "typeorm"

import {
  decryptColumns,
  encryptColumns,
  inspectColumns,
  Keyring,
  rotateColumns,
} from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring, keys } from "../../support/keys"
import { open } from "../stored"
import { createPatients, patientRows, patients, patientSsns, type Cell } from "./patients"

const texts = [
  ...["Ada Möller 🔒", "", " ", "trailing  ", "\ttab\nline\r\n", 'it\'s "quoted" \\ `x`', "%_?$1"],
  ...[
    "gAAAAA",
    "gAAAAABut this is a sentence.",
    "x".repeat(70_000),
    "漢字".repeat(500),
    "\u{1f9d1}‍⚕️é",
  ],
] as const

const both = new Keyring([keys.second, keys.first])

eachDatabase("bulk commands", (db) => {
  let source: DataSource
  const plain = texts.map((text, i): [Cell, Cell] => [text, i % 2 ? null : text])
  const options = { keyring, batchSize: 5 } as const

  beforeEach(async () => {
    source = await db.connect()
    await createPatients(db, plain)
  })

  test("encrypt every text as it is, and leave NULL", async () => {
    await encryptColumns(source, patients, options)

    const rows = await patientRows(db)
    expect(rows.map((cells) => cells.map(open))).toEqual(plain)
  })

  test("encrypt no cell twice", async () => {
    await encryptColumns(source, patients, options)
    const once = await patientRows(db)

    const report = await encryptColumns(source, patients, options)

    expect(await patientRows(db)).toEqual(once)
    expect(report).toMatchObject({ changed: 0, raced: 0, failed: 0, completed: true })
  })

  test("decrypt to what was there, byte by byte", async () => {
    await encryptColumns(source, patients, options)

    await decryptColumns(source, patients, options)

    expect(await patientRows(db)).toEqual(plain)
  })

  test("rotate to the first key, with plaintext and timestamp", async () => {
    const old = keyring.encryptAtTime("1", 1_000_000)
    const recent = keyring.encryptAtTime("2", 2_000_000_000)
    const current = both.encryptAtTime("3", 3_000_000)
    await createPatients(
      db,
      [old, recent, current].map((token) => [token, null]),
    )

    await rotateColumns(source, patients, { keyring: both })

    const tokens = await patientSsns(db)
    const second = new Keyring([keys.second])
    expect(tokens.map((token) => second.decryptText(token ?? ""))).toEqual(["1", "2", "3"])
    expect(tokens.map((token) => second.extractTimestamp(token ?? ""))).toEqual([
      ...[1_000_000, 2_000_000_000, 3_000_000],
    ])
    expect(tokens[2]).toBe(current)
  })

  test("rotate nothing twice", async () => {
    await encryptColumns(source, patients, options)
    await rotateColumns(source, patients, { keyring: both })
    const once = await patientRows(db)

    const report = await rotateColumns(source, patients, { keyring: both })

    expect(await patientRows(db)).toEqual(once)
    expect(report.changed).toBe(0)
  })

  test("end right in one run from mixed states, and count them before and after", async () => {
    const [stale, current] = [keyring.encrypt("stale"), both.encrypt("current")]
    const damaged = `${current.slice(0, -6)}AAAAA=`
    const cells = ["plain", null, stale, current, damaged, "gAAAAABut plain", ""]
    await createPatients(
      db,
      cells.map((cell) => [cell, null]),
    )

    const report = await encryptColumns(source, patients, { keyring: both, batchSize: 2 })

    const after = await patientSsns(db)
    expect(after.slice(1, 5)).toEqual([null, stale, current, damaged])
    expect([0, 5, 6].map((i) => both.decryptText(after[i] ?? ""))).toEqual(["plain", cells[5], ""])
    expect(report.changed).toBe(3)
    const [, first = ""] = both.fingerprints
    const rest = { null: 1, legacy: 0, stale: { [first]: 1 }, shared: 0, unreadable: 1 }
    expect(report.columns["patient.ssn"]).toEqual({
      before: { ...rest, plaintext: 3, current: 1 },
      after: { ...rest, plaintext: 0, current: 4 },
    })
    expect(report.columns["patient.note"]?.after).toMatchObject({ null: cells.length, current: 0 })
  })

  test("list a cell that no key opens by its key, and not its content", async () => {
    const foreign = new Keyring([keys.second]).encrypt("secret")
    await createPatients(db, [
      [keyring.encrypt("1"), "plain"],
      [foreign, "plain"],
    ])

    const report = await encryptColumns(source, patients, options)

    expect(report.failed).toBe(1)
    expect(report.failures).toEqual([
      { column: "patient.ssn", key: ["2"], problem: expect.stringContaining("damaged") as unknown },
    ])
    expect(JSON.stringify(report)).not.toContain(foreign.slice(6, 40))
    expect((await patientSsns(db))[1]).toBe(foreign)
  })

  test("write nothing in a dry run, and report what they would do", async () => {
    const dry = await encryptColumns(source, patients, { ...options, dryRun: true })
    const unchanged = await patientRows(db)
    const wet = await encryptColumns(source, patients, options)

    expect(unchanged).toEqual(plain)
    expect(dry).toMatchObject({ dryRun: true, completed: true, changed: wet.changed, raced: 0 })
    expect(dry.columns["patient.ssn"]?.after).toEqual(wet.columns["patient.ssn"]?.before)
  })

  test("do without an audit all that begins unlike a token", async () => {
    const report = await encryptColumns(source, patients, { ...options, audit: false })

    const left = (await patientSsns(db)).filter((cell, i) => cell === texts[i])
    expect(left).toEqual(texts.filter((text) => text.startsWith("gAAAAA")).slice(0, left.length))
    expect(report.completed).toBe(true)
  })

  test("refuse plaintext that is no value of its codec, and encrypt the rest", async () => {
    await createPatients(db, [
      ["1.5", null],
      ["one and a half", null],
    ])
    const numbers = { table: "patient", columns: { ssn: { codec: "number" } } } as const

    const report = await encryptColumns(source, numbers, options)

    expect(await patientSsns(db)).toEqual([expect.stringMatching(/^gAAAAA/), "one and a half"])
    expect(report.failures).toMatchObject([{ key: ["2"], column: "patient.ssn" }])
    expect(JSON.stringify(report)).not.toContain("one and")
  })

  test("leave plaintext encrypted that is not text", async () => {
    const binary = keyring.encrypt(Uint8Array.of(0xff, 0xfe))
    await createPatients(
      db,
      [[binary], [keyring.encrypt("x")]].map(([ssn = null]) => [ssn, null]),
    )

    const report = await decryptColumns(source, patients, options)

    expect(await patientSsns(db)).toEqual([binary, "x"])
    expect(report.failures.map(({ key, column }) => [column, ...key])).toEqual([
      ["patient.ssn", "1"],
    ])
  })

  test("leave a text encrypted that holds a NUL character, where there is no room for one", async () => {
    const token = keyring.encrypt("a\0b")
    await createPatients(db, [[token, keyring.encrypt("x")]])

    const report = await decryptColumns(source, patients, options)

    const hasRoom = db.name !== "PostgreSQL"
    expect(await patientRows(db)).toEqual([[hasRoom ? "a\0b" : token, "x"]])
    expect(report.failures.map(({ problem }) => problem)).toEqual(
      hasRoom ? [] : [expect.stringContaining("holds a NUL character")],
    )
  })

  test("inspect without writing", async () => {
    await createPatients(db, [["plain", keyring.encrypt("x")]])
    const before = await patientRows(db)

    const report = await inspectColumns(source, patients, options)

    expect(await patientRows(db)).toEqual(before)
    expect(report.columns["patient.ssn"]?.after.plaintext).toBe(1)
    expect(report.columns["patient.note"]?.after.current).toBe(1)
  })

  test("tell of their progress up to the end", async () => {
    const seen: string[] = []

    await encryptColumns(source, patients, {
      ...options,
      onProgress: ({ phase, done, total }) => seen.push(`${phase} ${done}/${total}`),
    })

    expect(seen.at(-1)).toBe(`audit ${texts.length}/${texts.length}`)
  })
})
