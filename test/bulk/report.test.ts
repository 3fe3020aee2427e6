import { describe, expect, test } from "@jest/globals"

import { primaryKeyText, Tally } from "../../src/bulk/report"

const end = {
  ...{
    completed: true,
    counted: true,
    dryRun: false,
    constrained: [],
    drift: [],
    uses: [],
    statements: [],
  },
} as const
const none = { null: 0, plaintext: 0, legacy: 0, current: 0, stale: {}, shared: 0, unreadable: 0 }

describe("Tally", () => {
  test("counts before and after alike if nothing was made", () => {
    const tally = new Tally(["Patient.ssn"], ["aaaa"])
    for (const state of ["null", "plaintext", "plaintext", "unreadable"] as const) {
      tally.found("Patient.ssn", { state })
    }

    const counts = { ...none, null: 1, plaintext: 2, unreadable: 1 }
    expect(tally.report("patient", end).columns).toEqual({
      "Patient.ssn": { before: counts, after: counts },
    })
  })

  test("counts what the run made as it was before", () => {
    const tally = new Tally(["Patient.ssn"], ["aaaa", "bbbb"])
    tally.made("Patient.ssn", { state: "stale", keyIndex: 1 }, { state: "current", keyIndex: 0 })
    tally.made("Patient.ssn", { state: "plaintext" }, { state: "current", keyIndex: 0 })
    for (let i = 0; i < 3; i++) tally.found("Patient.ssn", { state: "current", keyIndex: 0 })

    expect(tally.report("patient", end).columns["Patient.ssn"]).toEqual({
      before: { ...none, plaintext: 1, current: 1, stale: { bbbb: 1 } },
      after: { ...none, current: 3 },
    })
  })

  test("leaves out fingerprints of which nothing is left", () => {
    const tally = new Tally(["Patient.ssn"], ["aaaa", "bbbb"])
    const stale = { state: "stale", keyIndex: 1 } as const
    tally.found("Patient.ssn", { state: "plaintext" })
    tally.made("Patient.ssn", stale, { state: "plaintext" })

    const { before, after } = tally.report("patient", end).columns["Patient.ssn"] ?? {}
    expect(before?.stale).toEqual({ bbbb: 1 })
    expect(after?.stale).toEqual({})
  })

  test("leaves them out of what was before as well", () => {
    const tally = new Tally(["Patient.ssn"], ["aaaa", "bbbb"])
    const stale = { state: "stale", keyIndex: 1 } as const
    tally.found("Patient.ssn", stale)
    tally.made("Patient.ssn", { state: "plaintext" }, stale)

    const { before, after } = tally.report("patient", end).columns["Patient.ssn"] ?? {}
    expect(before).toEqual({ ...none, plaintext: 1 })
    expect(after).toEqual({ ...none, stale: { bbbb: 1 } })
  })

  test("counts older keys before and after alike if nothing was made", () => {
    const tally = new Tally(["Patient.ssn"], ["aaaa", "bbbb"])
    tally.found("Patient.ssn", { state: "stale", keyIndex: 1 }, 2)

    const counts = { ...none, stale: { bbbb: 2 } }
    expect(tally.counted()).toEqual({ "Patient.ssn": counts })
    expect(tally.report("patient", end).columns).toEqual({
      "Patient.ssn": { before: counts, after: counts },
    })
  })

  test("tells the seconds since it began", async () => {
    const began = performance.now()
    const tally = new Tally([], [])
    await new Promise((resolve) => setImmediate(resolve))

    const { seconds } = tally.report("patient", end)
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual((performance.now() - began) / 1000)
  })

  test("counts nothing unless all cells were counted", () => {
    const tally = new Tally(["Patient.ssn"], ["aaaa"], ["Patient.ssn_bidx"])
    tally.made("Patient.ssn", { state: "plaintext" }, { state: "current", keyIndex: 0 })
    tally.rows = 1

    const report = tally.report("patient", { ...end, counted: false })

    expect(report).toMatchObject({ rows: 1, columns: {}, indexes: {} })
  })

  test("counts all failures and lists the first thousand", () => {
    const tally = new Tally(["Patient.ssn"], [])
    for (let id = 1; id <= 1_001; id++) tally.failedAt("Patient.ssn", [id], "It failed.")

    const { failed, failures } = tally.report("patient", end)
    expect(failed).toBe(1_001)
    expect(failures).toHaveLength(1_000)
    expect(failures[0]).toEqual({ column: "Patient.ssn", key: ["1"], problem: "It failed." })
  })

  test("lists bytes of a key in hexadecimal", () => {
    const tally = new Tally(["Patient.ssn"], [])
    tally.failedAt("Patient.ssn", [Buffer.from([0, 255]), 9007199254740993n], "It failed.")

    expect(tally.report("patient", end).failures[0]?.key).toEqual(["0x00ff", "9007199254740993"])
  })
})

describe("primaryKeyText", () => {
  test("tells keys apart that are alike when joined or read as text", () => {
    const keys = [["a", "b"], ["a,b"], ['a","b'], [Buffer.of(0xff)], [Buffer.of(0xfe)]]

    expect(new Set(keys.map(primaryKeyText)).size).toBe(keys.length)
  })
})
