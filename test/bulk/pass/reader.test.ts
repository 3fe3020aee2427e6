import { expect, test } from "@jest/globals"

import type { Worker } from "../../../src/bulk/connection/worker"
import { BatchReader, SharedRange } from "../../../src/bulk/pass/reader"
import type { BulkTable } from "../../../src/dialect/dialect"
import { openSession, type Session } from "../../../src/dialect/session"
import { patientTable } from "../patient-table"

const table: BulkTable = {
  ...{ path: '"patient"', key: [{ name: "id", type: "integer" }], columns: ["ssn"] },
  ...{ kept: [], where: undefined },
}

/** A worker on a connection, as far as readers use one. */
const workerOn = (session: Session): Worker => ({
  inTransaction: false,
  run: (operation) => operation(session, 0),
  onReconnect: () => undefined,
  isLock: () => false,
  close: () => Promise.resolve(),
})

test("a range goes on behind measured rows that are gone when they are read", async () => {
  const patients = await patientTable(Array.from({ length: 6 }, () => ["x"] as const))
  const session = await openSession(patients.source.createQueryRunner(), "better-sqlite3")
  const { dialect } = session
  let isDeleted = false
  const large: Session = {
    ...session,
    dialect: {
      ...dialect,
      async measure(...args) {
        const sizes = await dialect.measure(...args)
        if (!isDeleted) patients.run("DELETE FROM patient WHERE id IN (10, 20)")
        isDeleted = true
        return sizes.map(({ key }) => ({ key, bytes: 3 * 2 ** 20 }))
      },
    },
  }
  const worker = workerOn(large)
  const options = { table, filter: "all", batchSize: 1000, longest: 3 * 2 ** 20 } as const
  const reader = new BatchReader(worker, options)
  const range = new SharedRange()
  const seen: unknown[] = []

  for (let read = await range.take(reader); read; read = await range.take(reader)) {
    for (let row = 0; row < read.batch.size; row++) seen.push(...read.batch.primaryKeyAt(row))
  }

  expect(seen.map(Number)).toEqual([30, 40, 50, 60])
})
