import { expect, test } from "@jest/globals"

import { joinCounts, joinReports } from "../../src/bulk/joined-tenants"
import type { BulkReport, StateCounts } from "../../src/bulk/report"

const none: StateCounts = {
  ...{ null: 0, plaintext: 0, legacy: 0, current: 0, shared: 0, unreadable: 0 },
  stale: {},
}

const empty: BulkReport = {
  ...{ table: "patient", completed: true, dryRun: true, rows: 4, columns: {}, indexes: {} },
  ...{ changed: 0, raced: 0, failed: 0, failures: [], constrained: [], drift: [], uses: [] },
  ...{ statements: [], seconds: 1 },
}

const report = (after: StateCounts, beyond: Partial<BulkReport> = {}): BulkReport => ({
  ...empty,
  columns: { "Patient.ssn": { before: after, after } },
  ...beyond,
})

const unreadable = (key: string) => ({
  ...{ column: "Patient.ssn", key: [key] },
  problem: "Patient.ssn cannot be read.",
})

test("what opens for one tenant is counted as it is there, and what opens for none as unreadable", () => {
  const north = { ...none, null: 1, plaintext: 2, current: 3, stale: { a: 1 }, unreadable: 5 }
  const south = { ...none, null: 1, plaintext: 2, current: 2, stale: { b: 1 }, unreadable: 6 }

  expect(joinCounts([north, south])).toEqual({
    ...{ ...none, null: 1, plaintext: 2, current: 5 },
    ...{ stale: { a: 1, b: 1 }, unreadable: 2 },
  })
})

test("shared tokens that open count, and rows that were written meanwhile make nothing negative", () => {
  const north = { ...none, current: 1, unreadable: 1 }
  const south = { ...none, shared: 2, current: 1 }

  expect(joinCounts([north, south])).toMatchObject({ current: 2, shared: 2, unreadable: 0 })
  expect(joinCounts([south, north])).toMatchObject({ current: 2, shared: 2, unreadable: 0 })
})

test("what all tenants' keys share is among the tokens of which some open for nobody", () => {
  const north = { ...none, shared: 2, unreadable: 3 }
  const south = { ...none, current: 1, unreadable: 4 }

  expect(joinCounts([north, south])).toMatchObject({ current: 1, shared: 2, unreadable: 2 })
})

test("a joined report is of the whole table if all of them are", () => {
  const whole = report(none)

  expect(joinReports([whole, whole])).toMatchObject({ completed: true })
})

test("what a report lacks that was stopped is as the others have it", () => {
  const indexes = { "Patient.ssn_bidx": { current: 1, missing: 2, stale: 3 } }
  const whole = report({ ...none, current: 1, unreadable: 1 }, { indexes })

  expect(joinReports([whole, { ...empty, completed: false }])).toMatchObject({
    ...{ completed: false, indexes, failed: 1 },
    columns: { "Patient.ssn": { after: { current: 1, unreadable: 1 } } },
  })
})

test("a failure is one of all tenants, of the same column and row", () => {
  const failing = (...failures: BulkReport["failures"]): BulkReport => report(none, { failures })
  const [ssn, note] = [unreadable("1"), { ...unreadable("1"), column: "Patient.note" }]
  const failuresOf = (...reports: [BulkReport, BulkReport, BulkReport]): unknown =>
    joinReports(reports).failures

  expect(failuresOf(failing(ssn), failing(ssn), failing(ssn))).toEqual([ssn])
  expect(failuresOf(failing(ssn), failing(ssn), failing())).toEqual([])
  expect(failuresOf(failing(ssn), failing(note), failing(ssn))).toEqual([])
})

test("reports of tenants are joined, with the failures that all of them have", () => {
  const north = report(
    { ...none, current: 1, unreadable: 2 },
    {
      failures: [unreadable("2"), unreadable("3")],
      indexes: { "Patient.ssn_bidx": { current: 1, missing: 0, stale: 0 } },
      oldest: { "Patient.ssn": { a: "2026-01-01" } },
    },
  )
  const south = report(
    { ...none, current: 1, unreadable: 2 },
    {
      completed: false,
      failures: [unreadable("1"), unreadable("3")],
      indexes: { "Patient.ssn_bidx": { current: 0, missing: 1, stale: 0 } },
      oldest: { "Patient.ssn": { b: "2026-02-02" } },
    },
  )

  expect(joinReports([north, south])).toMatchObject({
    completed: false,
    rows: 4,
    columns: { "Patient.ssn": { after: { current: 2, unreadable: 1 } } },
    indexes: { "Patient.ssn_bidx": { current: 1, missing: 1, stale: 0 } },
    oldest: { "Patient.ssn": { a: "2026-01-01", b: "2026-02-02" } },
    failed: 1,
    failures: [unreadable("3")],
    seconds: 2,
  })
  expect(joinReports([north])).toBe(north)
})
