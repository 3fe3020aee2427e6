import { describe, expect, test } from "@jest/globals"

import type { BulkReport, BulkTarget } from "../../../src"
import { decrypting, inspecting } from "../../../src/bulk/pass/cells"
import { decide } from "../../../src/bulk/pass/decision"
import { KEPT, LOCKED, NOT_UTF8 } from "../../../src/bulk/pass/left-rows"
import { noteMade, noteOutcome } from "../../../src/bulk/pass/outcome"
import type { Pass } from "../../../src/bulk/pass/pass"
import { batchOf, type Cell } from "../../../src/dialect/batch"
import { Keyring } from "../../../src/fernet/keyring"
import { digestOf } from "../../search/digest-of"
import { keyring, keys } from "../../support/keys"
import { patientTable } from "../patient-table"
import { patientPass, sessionOf } from "./patient-pass"

const end = {
  ...{ completed: true, counted: true, dryRun: false },
  ...{ constrained: [], drift: [], uses: [], statements: [] },
}
const stranger = new Keyring([keys.second])
const token = keyring.encrypt("10")
const digest = digestOf("patient/ssn/ssn_bidx", "10")

/** Notes rows of an `ssn`, a `note` and an index value, of which some were left for a reason. */
async function noted(
  rows: readonly (readonly [ssn: Cell, note?: Cell, ...indexes: readonly Cell[]])[],
  {
    left = {},
    note = noteOutcome,
    target,
    ...pass
  }: Partial<Pass> & {
    readonly left?: Readonly<Record<number, string>>
    readonly note?: typeof noteOutcome
    readonly target?: BulkTarget
  } = {},
): Promise<BulkReport> {
  const table = await patientTable([])
  table.run("ALTER TABLE patient ADD COLUMN note_bidx text")
  const made = await patientPass(table, await sessionOf(table), {
    ...(target && { target }),
    ...pass,
  })
  const count = made.indexes.length
  const batch = batchOf(
    rows.map(([ssn, note = null, ...digests], row) => {
      const cells = Array.from({ length: count }, (_, i) => digests[i] ?? null)
      return [10 * (row + 1), ssn, note, ...cells]
    }),
    2 + count,
  )
  note(made, decide(made, batch), (row) => left[row])
  return made.tally.report("patient", end)
}

/** What the report says of the failures, as `row: problem`. */
const failuresOf = ({ failures }: BulkReport): string[] =>
  failures.map(({ key, problem }) => `${key.join()}: ${problem}`)

describe("the counts of a batch", () => {
  const rows = [["10"], ["20"], [token, null, digest], [null]] as const

  test("are the states of its cells and of its index values, when the audit counts", async () => {
    const counted = await noted(rows, { audit: true, job: inspecting, demand: "kept" })
    const uncounted = await noted(rows, { job: inspecting, demand: "kept" })

    expect(counted.columns["patient.ssn"]?.after).toMatchObject({
      ...{ plaintext: 2, current: 1, null: 1 },
    })
    expect(counted.columns["patient.note"]?.after).toMatchObject({ null: 4 })
    expect(counted.indexes).toEqual({
      "patient.ssn_bidx": { current: 1, missing: 2, stale: 0 },
    })
    expect(uncounted.columns["patient.ssn"]?.after).toMatchObject({ plaintext: 0, null: 0 })
    expect(uncounted.indexes["patient.ssn_bidx"]).toEqual({ current: 0, missing: 0, stale: 0 })
  })

  test("leave out index values that are missing because their rows are decrypted", async () => {
    const report = await noted([["10"], ["10", null, "other"]], {
      ...{ audit: true, job: decrypting, demand: "cleared" },
    })

    expect(report.indexes["patient.ssn_bidx"]).toEqual({ current: 0, missing: 0, stale: 1 })
  })

  test("of what the run made are those of the rows that were not left", async () => {
    const report = await noted(rows, { left: { 1: "others kept a lock on its row" } })

    expect(report.columns["patient.ssn"]?.before).toMatchObject({ plaintext: 1, current: -1 })
    expect(report.columns["patient.note"]?.before).toMatchObject({ plaintext: 0, current: 0 })
  })

  test("of a dry run are none that were made", async () => {
    const report = await noted(rows, { dryRun: true })

    expect(report.columns["patient.ssn"]?.before).toMatchObject({ plaintext: 0, current: 0 })
  })

  test("of some rows are of these only", async () => {
    const report = await noted(rows, {
      note: (pass, decision) => {
        noteMade(pass, decision, [0, 2, 3])
      },
    })

    expect(report.columns["patient.ssn"]?.before).toMatchObject({ plaintext: 1, current: -1 })
  })

  test("know what decryption made by what it is", async () => {
    const report = await noted([[token], [keyring.encrypt("gAAAAAB and more")]], {
      ...{ job: decrypting, demand: "cleared" },
    })

    expect(report.columns["patient.ssn"]?.before).toMatchObject({ plaintext: -2, current: 2 })
  })
})

describe("the failures of a batch", () => {
  const reason = "others kept a lock on its row"

  test("are listed in the order of rows, and in each of columns and then indexes", async () => {
    const report = await noted([["10", "a"], ["20", "b"], ["30"]], {
      left: { 0: reason, 2: reason },
    })

    expect(failuresOf(report)).toEqual([
      `10: patient.ssn is left as it was: ${reason}.`,
      `10: patient.note is left as it was: ${reason}.`,
      `10: patient.ssn_bidx is left as it was: ${reason}.`,
      `30: patient.ssn is left as it was: ${reason}.`,
      `30: patient.ssn_bidx is left as it was: ${reason}.`,
    ])
    expect(report.failures.map(({ column }) => column).slice(1, 3)).toEqual([
      "patient.note",
      "patient.ssn_bidx",
    ])
  })

  test("are listed by the last pass alone", async () => {
    const report = await noted([["10"]], { last: false, left: { 0: reason } })

    expect(report.failed).toBe(0)
  })

  test("have the problem of a cell before that of its row", async () => {
    const foreign = "enc:abcdef"

    const report = await noted([[foreign, "a"]], { left: { 0: reason } })

    expect(failuresOf(report)[0]).toBe(
      '10: patient.ssn is left as it is: it looks encrypted by something else, by the prefix "enc:".',
    )
  })

  test("are none for cells that a row that was left would have kept", async () => {
    const report = await noted([[token, null, digest]], { left: { 0: reason } })

    expect(report.failed).toBe(0)
  })

  test("are cells that cannot be read, when the audit looks, each by what it is", async () => {
    const damaged = stranger.encrypt("10")

    const looked = await noted([[damaged], [token, null, digest]], { audit: true })

    expect(failuresOf(looked)).toEqual([
      "10: patient.ssn holds a token that was damaged, or is under a key that is not in the keyring.",
    ])
    expect((await noted([[damaged]])).failed).toBe(0)
  })

  test("are tokens under the keys that all columns share, in a column that takes its own", async () => {
    const target = {
      table: "patient",
      columns: { ssn: { columnKey: "only" as const }, note: {} },
    }

    const report = await noted([[token]], { ...{ audit: true, job: inspecting }, target })

    expect(failuresOf(report)).toEqual([
      "10: patient.ssn holds a token under the keys that all columns share, and takes its own " +
        "only: it was never moved, or was copied there.",
    ])
    expect(report.columns["patient.ssn"]?.after).toMatchObject({ shared: 1, unreadable: 0 })
  })

  test("say that a row the database kept may not be UTF-8, of which replacements are a sign", async () => {
    const left = { 0: KEPT, 1: KEPT, 2: LOCKED }
    const rows = [["a\uFFFD"], ["b"], ["c\uFFFD"]] as const

    const report = await noted(rows, {
      left,
      target: { table: "patient", columns: { ssn: {}, note: {} } },
    })

    expect(failuresOf(report)).toEqual([
      `10: patient.ssn is left as it was: ${NOT_UTF8}.`,
      `20: patient.ssn is left as it was: ${KEPT}.`,
      `30: patient.ssn is left as it was: ${LOCKED}.`,
    ])
  })

  test("are those of each index by its own cells", async () => {
    const target = {
      table: "patient",
      columns: { ssn: { blindIndex: true }, note: { blindIndex: true } },
    }
    const noteDigest = digestOf("patient/note/note_bidx", "a note")
    const rows = [
      [token, keyring.encrypt("a note"), digest, noteDigest],
      [token, keyring.encrypt("a note"), digest, null],
      [token, keyring.encrypt("a note"), "other", noteDigest],
    ] as const

    const report = await noted(rows, {
      ...{ audit: true, job: inspecting, demand: "proven" as const },
      target,
    })

    expect(report.failures.map(({ key: [id], column }) => [id, column])).toEqual([
      ["20", "patient.note_bidx"],
      ["30", "patient.ssn_bidx"],
    ])
    expect(report.indexes).toEqual({
      "patient.ssn_bidx": { current: 2, missing: 0, stale: 1 },
      "patient.note_bidx": { current: 2, missing: 1, stale: 0 },
    })
  })

  test("are values that an index refuses, where it is written or proven", async () => {
    const normalize = (): string => {
      throw new TypeError("no")
    }
    const target = { table: "patient", columns: { ssn: { blindIndex: { normalize } }, note: {} } }
    const failures = async (others: Partial<Pass>): Promise<string[]> =>
      failuresOf(await noted([[token]], { ...others, target }))

    const refused = [
      "10: patient.ssn_bidx is left as it was: a normalizer refuses the value of its row.",
    ]
    expect(await failures({ demand: "written" })).toEqual(refused)
    expect(await failures({ demand: "proven" })).toEqual(refused)
    expect(await failures({ demand: "proven", audit: true })).toEqual(refused)
    expect(await failures({ demand: "kept", audit: true })).toEqual([])
    expect(await failures({ demand: "cleared", audit: true })).toEqual([])
  })

  test("are index values that are wrong, where they are proven", async () => {
    const rows = [
      [token, null, digest],
      [token, null, null],
      [token, null, "other"],
      [null, null, null],
      [stranger.encrypt("10"), null, "whatever"],
    ] as const
    const failures = async (others: Partial<Pass>): Promise<string[]> =>
      failuresOf(await noted(rows, { job: inspecting, ...others })).filter((one) =>
        one.includes("bidx"),
      )

    expect(await failures({ demand: "proven", audit: true })).toEqual([
      "20: patient.ssn_bidx is NULL, so searches do not find the row; encrypt the table again to " +
        "fill it.",
      "30: patient.ssn_bidx is not the index value of its row under the first key; rotate or " +
        "encrypt the table again.",
    ])
    expect(await failures({ demand: "proven", audit: false })).toEqual([])
    expect(await failures({ demand: "kept", audit: true })).toEqual([])
  })
})
