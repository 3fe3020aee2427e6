import { describe, expect, test } from "@jest/globals"

import { BatchReader, type ReadBatch, SharedRange } from "../../../src/bulk/pass/reader"
import type { ReadOptions } from "../../../src/dialect/dialect"
import type { Session } from "../../../src/dialect/session"
import { type PatientTable, patientTable } from "../patient-table"
import { hastyWorker, patientPass, sessionOf } from "./patient-pass"

/** A reader of large rows, of which others delete the first two before they are read. */
async function robbedReader(): Promise<BatchReader> {
  const table = await patientTable(rowsOf([3 * MiB, 3 * MiB, 3 * MiB, 1]))
  const session = await sessionOf(table)
  const { dialect } = session
  const measure: typeof dialect.measure = async (...given) => {
    const sizes = await dialect.measure(...given)
    table.run("DELETE FROM patient WHERE id <= 20")
    return sizes
  }
  const worker = hastyWorker({ ...session, dialect: { ...dialect, measure } })
  return new BatchReader(worker, await patientPass(table, session, { filter: "all", longest: MiB }))
}

/** A reader of the table that notes what it asks for. */
async function watchedReader(
  table: PatientTable,
  options: { readonly batchSize?: number; readonly longest?: number } = {},
): Promise<{ reader: BatchReader; asked: ReadOptions[] }> {
  const session = await sessionOf(table)
  const { dialect } = session
  const asked: ReadOptions[] = []
  const read: typeof dialect.read = (...given) => {
    asked.push(given[2])
    return dialect.read(...given)
  }
  const worker = hastyWorker({ ...session, dialect: { ...dialect, read } })
  const pass = await patientPass(table, session, { filter: "all", ...options })
  return { reader: new BatchReader(worker, pass), asked }
}

const idsOf = ({ batch }: ReadBatch): number[] =>
  Array.from({ length: batch.size }, (_, row) => Number(batch.primaryKeyAt(row)[0]))

/** Rows of which each has so many characters. */
const rowsOf = (lengths: readonly number[]): (readonly [string])[] =>
  lengths.map((length) => ["x".repeat(length)] as const)

const MiB = 2 ** 20

describe("BatchReader", () => {
  test("reads as many rows as a batch has, and says what is left of the range", async () => {
    const table = await patientTable(rowsOf([1, 1, 1, 1, 1]))
    const { reader } = await watchedReader(table, { batchSize: 2 })

    const read = await reader.read({ upTo: [40] })

    expect(idsOf(read)).toEqual([10, 20])
    expect(read.range).toEqual({ after: undefined, upTo: [20n] })
    expect(read.rest).toEqual({ after: [20n], upTo: [40] })
  })

  test("knows that the range is at its end when fewer rows come than a batch has", async () => {
    const table = await patientTable(rowsOf([1, 1, 1]))
    const { reader } = await watchedReader(table, { batchSize: 2 })

    const read = await reader.read({ after: [20] })

    expect(idsOf(read)).toEqual([30])
    expect(read.range).toEqual({ after: [20], upTo: [30n] })
    expect(read.rest).toBeUndefined()
  })

  test("finds an empty range done up to where it ends", async () => {
    const table = await patientTable(rowsOf([1]))
    const { reader } = await watchedReader(table)

    const { batch, range, rest } = await reader.read({ after: [10], upTo: [50] })

    expect([batch.size, range, rest]).toEqual([0, { after: [10], upTo: [50] }, undefined])
  })

  test("begins with a thousand rows, and goes on with as many as are worth it", async () => {
    const table = await patientTable(rowsOf([1, 1]))
    const { reader, asked } = await watchedReader(table, { batchSize: 3000 })

    await reader.read({})
    await reader.read({})

    expect(asked.map(({ limit }) => limit)).toEqual([1000, 3000])
  })

  test("asks for fewer rows after large ones, and for one at least", async () => {
    const table = await patientTable(rowsOf([2 * MiB, 2 * MiB, 9 * MiB]))
    const { reader, asked } = await watchedReader(table, { batchSize: 2 })

    await reader.read({})
    await reader.read({ after: [20] })
    await reader.read({})

    expect(asked.map(({ limit }) => limit)).toEqual([2, 2, 1])
  })

  test("asks for as many as before where there was none to measure", async () => {
    const table = await patientTable(rowsOf([5 * MiB]))
    const { reader, asked } = await watchedReader(table, { batchSize: 7 })

    await reader.read({ after: [10] })
    await reader.read({})
    await reader.read({ after: [10] })
    await reader.read({})

    expect(asked.map(({ limit }) => limit)).toEqual([7, 7, 1, 1])
  })

  test("measures rows that may be large before it reads them, and takes 8 MiB of them", async () => {
    const table = await patientTable(rowsOf([3 * MiB, 3 * MiB, 3 * MiB, 1]))
    const { reader, asked } = await watchedReader(table, { longest: MiB })

    const read = await reader.read({})

    expect(idsOf(read)).toEqual([10, 20])
    expect(asked).toMatchObject([{ upTo: [20n] }])
    expect(read.range.upTo).toEqual([20n])
    expect(read.rest).toEqual({ after: [20n], upTo: undefined })
  })

  test("reads a row by itself that is larger than that", async () => {
    const table = await patientTable(rowsOf([9 * MiB, 1]))
    const { reader } = await watchedReader(table, { longest: 9 * MiB })

    expect(idsOf(await reader.read({}))).toEqual([10])
  })

  test("needs no bound where all that there are fit", async () => {
    const table = await patientTable(rowsOf([1, 2]))
    const { reader, asked } = await watchedReader(table, { longest: MiB })

    const { rest } = await reader.read({ upTo: [50] })

    expect(asked).toMatchObject([{ upTo: [50] }])
    expect(rest).toBeUndefined()
  })

  test("measures from then on once it met large rows", async () => {
    const table = await patientTable(rowsOf([1, 40 * MiB]))
    const { reader, asked } = await watchedReader(table, { batchSize: 1 })
    await reader.read({})
    await reader.read({ after: [10] })

    await reader.read({})

    expect(asked.map(({ upTo }) => upTo)).toEqual([undefined, undefined, [10n]])
  })

  test("looks behind rows that were measured and are gone when they are read", async () => {
    const { batch, range, rest } = await (await robbedReader()).read({})

    expect([batch.size, range.upTo]).toEqual([0, [20n]])
    expect(rest).toEqual({ after: [20n], upTo: undefined })
  })

  test.each([0, MiB])(
    "refuses a key that comes after itself, which would be read for ever (%i)",
    async (longest) => {
      const table = await patientTable(rowsOf([1]))
      const session = await sessionOf(table)
      let reads = 0
      // As of a text that is not valid in its encoding
      const dialect: Session["dialect"] = {
        ...session.dialect,
        read(connection, of, options) {
          reads++
          return session.dialect.read(connection, of, { ...options, after: undefined })
        },
        measure: (connection, of, options) =>
          session.dialect.measure(connection, of, { ...options, after: undefined }),
      }
      const worker = hastyWorker({ ...session, dialect })
      const pass = await patientPass(table, session, { filter: "all", longest })
      const reader = new BatchReader(worker, pass)

      expect(idsOf(await reader.read({ after: [5] }))).toEqual([10])
      await expect(reader.read({ after: [10n] })).rejects.toMatchObject({
        problems: [
          '"patient" cannot be read in the order of id: row 10 comes after itself, as a text that is not ' +
            "valid in its encoding does. Correct that key, or describe the table with another unique " +
            "key as its `primaryKey`.",
        ],
      })
      expect(reads).toBe(longest === 0 ? 2 : 1)
    },
  )

  test("takes measured rows of exactly 8 MiB together", async () => {
    const table = await patientTable(rowsOf([1, 2, 3]))
    const session = await sessionOf(table)
    const measure: Session["dialect"]["measure"] = () =>
      Promise.resolve([10, 20, 30].map((id) => ({ key: [id], bytes: 4 * MiB })))
    const worker = hastyWorker({ ...session, dialect: { ...session.dialect, measure } })
    const pass = await patientPass(table, session, { filter: "all", longest: MiB })

    expect(idsOf(await new BatchReader(worker, pass).read({}))).toEqual([10, 20])
  })

  test("reads what was committed last if it is told to", async () => {
    const { reader, asked } = await watchedReader(await patientTable([]))

    await reader.read({})
    await reader.read({}, true)

    expect(asked.map(({ latest }) => latest)).toEqual([false, true])
  })
})

describe("SharedRange", () => {
  test("gives every batch to one of those who ask, and nothing after the last", async () => {
    const table = await patientTable(rowsOf([1, 1, 1, 1, 1]))
    const { reader } = await watchedReader(table, { batchSize: 2 })
    const shared = new SharedRange()

    const taken = await Promise.all(Array.from({ length: 5 }, () => shared.take(reader)))

    expect(taken.map((read) => read && idsOf(read))).toEqual([
      [10, 20],
      [30, 40],
      [50],
      undefined,
      undefined,
    ])
  })

  test("goes on for others when one could not read", async () => {
    const table = await patientTable(rowsOf([1]))
    const { reader } = await watchedReader(table)
    const { source } = await patientTable([])
    const gone = await watchedReader({ ...table, source })
    await source.query("DROP TABLE patient")
    const shared = new SharedRange()

    const failing = shared.take(gone.reader)
    const next = shared.take(reader)

    await expect(failing).rejects.toMatchObject({ code: "ERR_STATEMENT_FAILED" })
    expect((await next)?.batch.size).toBe(1)
  })

  test("goes on behind measured rows that are gone when they are read", async () => {
    const reader = await robbedReader()
    const shared = new SharedRange()
    const seen: number[] = []

    for (let read = await shared.take(reader); read; read = await shared.take(reader)) {
      seen.push(...idsOf(read))
    }

    expect(seen).toEqual([30, 40])
  })
})
