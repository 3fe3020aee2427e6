import { expect, test } from "@jest/globals"

import { decryptColumns, encryptColumns, Keyring, rotateColumns, type BulkReport } from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring, keys } from "../support/keys"
import { patients } from "../integration/bulk/patients"
import { createValues, startWriter } from "../integration/bulk/processes"
import { rounds } from "./rounds"

const rows = 2_000
const leastRuns = 8 * rounds
const both = new Keyring([keys.second, keys.first])
const asToken = (value: string): string => keyring.encrypt(value)
const asPlaintext = (value: string): string => value

/** Rows that the writer changed while a run was at them, of which there must be some. */
function racedIn(reports: readonly BulkReport[]): number {
  return reports.reduce((sum, { raced }) => sum + raced, 0)
}

eachDatabase("an application that writes meanwhile", (db) => {
  if (db.name === "SQLite") {
    test.skip("(SQLite has one writer at a time)", () => undefined)
    return
  }

  /** What cells hold, whether as plaintext or as tokens, by their ids. */
  async function values(): Promise<Readonly<Record<string, string>>> {
    const stored = await db.rawRows("SELECT id, ssn FROM patient")
    const opened = stored.map(({ id, ssn }) => {
      const cell = String(ssn)
      return [String(id), cell.startsWith("gAAAAA") ? both.decryptText(cell) : cell]
    })
    return Object.fromEntries(opened) as Record<string, string>
  }

  test.each([
    ["encrypt", encryptColumns, keyring, asPlaintext, { plaintext: 0 }],
    ["rotate", rotateColumns, both, asToken, { stale: {} }],
    ["decrypt", decryptColumns, both, asToken, { current: 0, stale: {} }],
  ] as const)("loses nothing to %s", async (command, run, ring, cellOf, after) => {
    const source = await db.connect()
    const options = { keyring: ring, batchSize: 200 }
    await createValues(db, rows, cellOf)
    const writerKeys = command === "encrypt" ? [keys.first] : [keys.first, keys.second]
    const writer = startWriter(db, rows, ...writerKeys)
    const reports: BulkReport[] = []
    await writer.begin()

    while (reports.length < leastRuns || racedIn(reports) === 0) {
      reports.push(await run(source, patients, options))
    }
    writer.stop()
    const truth = await writer.result()
    const meanwhile = await values()
    const last = await run(source, patients, options)

    expect(meanwhile).toEqual(truth)
    expect(await values()).toEqual(truth)
    expect(last).toMatchObject({ completed: true, raced: 0, failed: 0 })
    expect(last.columns["patient.ssn"]?.after).toMatchObject(after)
  })
})
