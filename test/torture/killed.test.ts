import { expect, test } from "@jest/globals"

import { encryptColumns, inspectColumns } from "../../src"
import { eachDatabase, type TestDatabase } from "../support/databases"
import { keyring } from "../support/keys"
import { until } from "../support/until"
import { patients, patientSsns } from "../integration/bulk/patients"
import { createValues, startRunner } from "../integration/bulk/processes"
import { rounds } from "./rounds"

const rows = 3_000
const slow = { batchSize: 30, pauseMs: 5 } as const

/** The plaintext of each cell and whether it is encrypted; throws for a cell that is neither. */
async function found(db: TestDatabase): Promise<{ values: string[]; encrypted: number }> {
  const cells = (await patientSsns(db)).map(String)
  const isToken = (cell: string): boolean => cell.startsWith("gAAAAA")
  return {
    values: cells.map((cell) => (isToken(cell) ? keyring.decryptText(cell) : cell)),
    encrypted: cells.filter(isToken).length,
  }
}

const all = Array.from({ length: rows }, (_, i) => `value ${i + 1}`)

async function killTenTimes(db: TestDatabase): Promise<void> {
  await createValues(db, rows)
  const progress: number[] = []

  const start = () => startRunner(db, "encrypt", { ...slow, force: true })
  let next = start()
  for (let i = 0; i < 10; i++) {
    const runner = next
    next = start()
    await runner.begin()
    await runner.printed(1 + Math.floor(Math.random() * 8))
    await runner.kill()
    const { values, encrypted } = await found(db)
    expect(values).toEqual(all)
    progress.push(encrypted)
  }
  await next.kill()
  const report = await encryptColumns(await db.connect(), patients, { keyring, force: true })

  expect(progress).toEqual([...progress].sort((a, b) => a - b))
  expect(report).toMatchObject({ completed: true, failed: 0 })
  expect(await found(db)).toEqual({ values: all, encrypted: rows })
}

eachDatabase("a bulk command that is killed", (db) => {
  if (db.name === "SQLite") {
    test.skip("(SQLite is tested in one process)", () => undefined)
    return
  }

  test("ten times at any moment has lost nothing, and completes", async () => {
    for (let round = 0; round < rounds; round++) await killTenTimes(db)
  })

  test("beside two that go on leaves its rows to them", async () => {
    await createValues(db, rows)
    const options = { ...slow, force: true }
    const runners = [1, 2, 3].map(() => startRunner(db, "encrypt", options))
    await Promise.all(runners.map((runner) => runner.begin()))

    await runners[0]?.kill()
    const reports = await Promise.all(runners.slice(1).map((runner) => runner.result()))

    expect(reports.map(({ completed, failed }) => [completed, failed])).toEqual([
      [true, 0],
      [true, 0],
    ])
    expect(await found(db)).toEqual({ values: all, encrypted: rows })
  })

  test("in its shard leaves that shard to a next run", async () => {
    await createValues(db, rows)
    const shard = (index: number) => ({ ...slow, shard: { index, count: 3 } })
    const runners = [0, 1, 2].map((index) => startRunner(db, "encrypt", shard(index)))
    await Promise.all(runners.map((runner) => runner.begin()))

    await runners[1]?.kill()
    await runners[0]?.result()
    await runners[2]?.result()
    const source = await db.connect()
    const others = await inspectColumns(source, patients, {
      keyring,
      shard: { index: 0, count: 3 },
    })
    await eventually(() => encryptColumns(source, patients, { keyring, ...shard(1) }))

    expect(others.columns["patient.ssn"]?.after.plaintext).toBe(0)
    expect(await found(db)).toEqual({ values: all, encrypted: rows })
  })

  test("gives the table free, which it had to itself", async () => {
    await createValues(db, rows)
    const source = await db.connect()
    const runner = startRunner(db, "encrypt", { ...slow, pauseMs: 600_000 })
    await runner.begin()

    await expect(encryptColumns(source, patients, { keyring })).rejects.toMatchObject({
      code: "ERR_ALREADY_RUNNING",
    })
    await runner.kill()
    await eventually(() => encryptColumns(source, patients, { keyring }))

    expect(await found(db)).toEqual({ values: all, encrypted: rows })
  })
})

/** A server may take a moment to notice that a process is gone. */
async function eventually(run: () => Promise<unknown>): Promise<void> {
  await until(() =>
    run().then(
      () => true,
      (error: unknown) => {
        if ((error as { code?: unknown }).code === "ERR_ALREADY_RUNNING") return false
        throw error
      },
    ),
  )
}
