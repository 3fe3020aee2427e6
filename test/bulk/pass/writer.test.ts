import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals"
import Database from "better-sqlite3"

import { decide } from "../../../src/bulk/pass/decision"
import { passOver } from "../../../src/bulk/pass/pass"
import { SharedRange } from "../../../src/bulk/pass/reader"
import { rowsThatFit, writeChanges, type Written } from "../../../src/bulk/pass/writer"
import { batchOf } from "../../../src/dialect/batch"
import type { Session } from "../../../src/dialect/session"
import { patientTable, type PatientTable } from "../patient-table"
import { hastyWorker, patientPass, sessionOf } from "./patient-pass"

/** Rows whose old and new cells have so many characters together. */
function changesOf(lengths: readonly number[]): Parameters<typeof rowsThatFit>[0] {
  const batch = batchOf(
    lengths.map((length, id) => [id, "x".repeat(length - 1)]),
    1,
  )
  return { batch, rows: lengths.map((_, row) => row), newCells: [lengths.map(() => "y")] }
}

describe("rowsThatFit", () => {
  test("takes short rows up to the end", () => {
    expect(rowsThatFit(changesOf([10, 20, 30]), 1, undefined)).toBe(2)
  })

  test("counts a cell that stays twice, as it is compared and written", () => {
    const { batch, rows } = changesOf([2 ** 21, 10])

    expect(rowsThatFit({ batch, rows, newCells: [[undefined, "y"]] }, 0, undefined)).toBe(1)
  })

  test("stops before a statement that grows too long", () => {
    expect(rowsThatFit(changesOf(new Array<number>(1000).fill(15_000)), 0, undefined)).toBe(279)
  })

  test("leaves a long row to a statement of its own where that is needed", () => {
    expect(rowsThatFit(changesOf([10, 16_001, 10]), 0, 16_000)).toBe(1)
    expect(rowsThatFit(changesOf([16_001, 10]), 0, 16_000)).toBe(1)
    expect(rowsThatFit(changesOf([10, 16_001, 10]), 1, 16_000)).toBe(1)
    expect(rowsThatFit(changesOf([10, 16_001, 10]), 0, undefined)).toBe(3)
  })

  test("takes a row that is exactly as long as fits", () => {
    expect(rowsThatFit(changesOf([16_000, 10]), 0, 16_000)).toBe(2)
    expect(rowsThatFit(changesOf([10, 16_000, 10]), 0, 16_000)).toBe(3)
    expect(rowsThatFit(changesOf([2 ** 22 - 10, 10, 10]), 0, undefined)).toBe(2)
  })
})

describe("rows that are locked where the database can leave these out", () => {
  type Options = Parameters<Session["dialect"]["write"]>[3]

  /** A session whose statements change so many of their rows, or fail, in turn, and their options. */
  async function sessionThatWrites(
    results: readonly (number | Error)[],
    skipsLocked = true,
  ): Promise<{ session: Session; asked: Options[] }> {
    const session = await sessionOf(await patientTable([]))
    const asked: Options[] = []
    const dialect: Session["dialect"] = {
      ...session.dialect,
      skipsLocked,
      longestInCompany: 5,
      transience: (error) => (error === locked ? "lock" : undefined),
      write(_connection, _table, _changes, options) {
        const result = results[asked.length] ?? 0
        asked.push(options)
        return result instanceof Error
          ? Promise.reject(result)
          : Promise.resolve({ changed: result })
      },
    }
    return { session: { ...session, dialect }, asked }
  }

  const locked = new Error("it is locked")
  const table = { path: "patient" } as Parameters<typeof writeChanges>[1]
  /** Each goes into a statement of its own. */
  const rows = changesOf([10, 10, 10, 10, 10])

  test("are waited for at first, and left out once a statement met a lock", async () => {
    const { session, asked } = await sessionThatWrites([1, locked, 1, 1, 1, 1])

    const written = await writeChanges(hastyWorker(session, 2), table, rows)

    expect(asked.map(({ skipLocked }) => skipLocked)).toEqual([
      ...[false, false, true, false, false, false],
    ])
    expect(written).toMatchObject({ changed: 5, skipped: false, gaveUp: false })
  })

  test("are left out from the first if that is asked for, and the rest after three of them", async () => {
    const { session, asked } = await sessionThatWrites([0, 1, 0, 0, 1])

    const written = await writeChanges(hastyWorker(session), table, rows, true)

    expect(asked).toEqual(
      Array.from({ length: 4 }, () => ({ inTransaction: false, skipLocked: true })),
    )
    expect(written).toMatchObject({ changed: 1, skipped: true, gaveUp: false })
  })

  test("are never left out by a database that cannot, where fewer changes say nothing of locks", async () => {
    const { session, asked } = await sessionThatWrites([0, 0, 0, 0, 0], false)

    const written = await writeChanges(hastyWorker(session), table, rows, true)

    expect(asked.map(({ skipLocked }) => skipLocked)).toEqual([
      ...[false, false, false, false, false],
    ])
    expect(written).toMatchObject({ changed: 0, skipped: false })
  })

  test("end a transaction of the caller's, as every other error does", async () => {
    for (const inTransaction of [true, false]) {
      for (const error of inTransaction ? [locked, new Error("no")] : [new Error("no")]) {
        const { session, asked } = await sessionThatWrites([error])
        const worker = { ...hastyWorker(session), inTransaction }

        await expect(writeChanges(worker, table, rows)).rejects.toBe(error)
        expect(asked).toEqual([{ inTransaction, skipLocked: false }])
      }
    }
  })
})

describe("rows that another connection has locked", () => {
  let folder = ""
  let other: Database.Database | undefined

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "typeorm-fernet-"))
  })

  afterEach(() => {
    other?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** A table in a file, and how to lock it and to let go of it. */
  async function lockedTable(ssns: readonly string[]): Promise<{
    readonly table: PatientTable
    readonly session: Session
    readonly unlock: () => void
  }> {
    const database = join(folder, "patients.sqlite")
    const table = await patientTable(
      ssns.map((ssn) => [ssn] as const),
      { database },
    )
    const session = await sessionOf(table)
    await session.connection.query("PRAGMA busy_timeout = 0")
    const locking = new Database(database)
    locking.exec("BEGIN IMMEDIATE")
    other = locking
    return { table, session, unlock: () => locking.exec("ROLLBACK") }
  }

  /** Writes what is decided about all rows, and notes how many rows each statement had. */
  async function writeAll(
    { table, session, unlock }: Awaited<ReturnType<typeof lockedTable>>,
    { tries, unlockAfter = Infinity }: { tries: number; unlockAfter?: number },
  ): Promise<Written & { readonly statements: readonly number[] }> {
    const pass = await patientPass(table, session)
    const { dialect, connection } = session
    const batch = await dialect.read(connection, pass.table, { filter: "all", limit: 1000 })
    const statements: number[] = []
    const watched: Session = {
      ...session,
      dialect: {
        ...dialect,
        write(...given) {
          if (statements.length === unlockAfter) unlock()
          statements.push(given[2].rows.length)
          return dialect.write(...given)
        },
      },
    }
    const written = await writeChanges(hastyWorker(watched, tries), pass.table, decide(pass, batch))
    return { ...written, statements }
  }

  test("are left out, and after three statements the rest of the batch is", async () => {
    const large = "x".repeat(2 ** 20)
    const locked = await lockedTable(["1", "2", "3", "4", "5"].map((ssn) => ssn + large))

    const written = await writeAll(locked, { tries: 1 })

    expect(written).toMatchObject({ changed: 0, gaveUp: true, statements: [1, 1, 1] })
  })

  test("are written in smaller statements after three attempts, which grow again", async () => {
    const locked = await lockedTable(Array.from({ length: 21 }, (_, i) => `patient ${i}`))

    const written = await writeAll(locked, { tries: 9, unlockAfter: 4 })

    expect(written.statements).toEqual([21, 21, 21, 11, 6, 12, 3])
    expect(written).toMatchObject({ changed: 21, gaveUp: false })
  })

  test("are listed by the pass, which reads them again once", async () => {
    const { table, session } = await lockedTable(["10", "20"])
    let looks = 0
    const target = table.racing(() => looks++)
    const pass = await patientPass(table, session, { target })

    const isDone = await passOver(pass, hastyWorker(session), new SharedRange())

    expect(isDone).toBe(true)
    // Twice each of two rows, for its cell and for its index
    expect(looks).toBe(2 * 2 * 2)
    expect(pass.tally).toMatchObject({ changed: 0, raced: 0, failed: 4 })
    expect(table.cells("ssn")).toEqual({ 10: "10", 20: "20" })
  })
})
