import { describe, expect, test } from "@jest/globals"

import { decide, type Decision } from "../../../src/bulk/pass/decision"
import { passOver } from "../../../src/bulk/pass/pass"
import { RefusedRows, refusalReason } from "../../../src/bulk/pass/left-rows"
import { SharedRange } from "../../../src/bulk/pass/reader"
import { batchOf } from "../../../src/dialect/batch"
import type { Session } from "../../../src/dialect/session"
import { StatementError } from "../../../src/dialect/statement-error"
import { patientTable } from "../patient-table"
import { hastyWorker, patientPass, sessionOf } from "./patient-pass"

const duplicate = new StatementError("SQLITE_CONSTRAINT_UNIQUE", "A statement failed.")
const check = new StatementError("SQLITE_CONSTRAINT_CHECK", "A statement failed: ssn_length.")

/** What is decided about rows of these ids, which are all to be encrypted. */
async function decisionOf(...ids: readonly number[]): Promise<Decision> {
  const table = await patientTable([])
  const pass = await patientPass(table, await sessionOf(table))
  return decide(
    pass,
    batchOf(
      ids.map((id) => [id, "10", null, null]),
      3,
    ),
  )
}

describe("why a row was refused", () => {
  test("is an equal value in a unique index, or what the database says, in one sentence", () => {
    expect(refusalReason(duplicate)).toBe("its index is unique, and another row has an equal value")
    expect(refusalReason(check)).toBe(
      "the database refuses its row. A statement failed: ssn_length",
    )
  })
})

describe("rows that were refused", () => {
  test("are known by their keys, wherever they are in a later batch", async () => {
    const refused = new RefusedRows()
    refused.note(await decisionOf(10, 20, 30), new Map([[1, check]]))
    const again = await decisionOf(5, 10, 20)

    expect([0, 1, 2].map((row) => refused.reasonOf(again, row) !== undefined)).toEqual([
      ...[false, false, true],
    ])
  })

  test("are left out of what is written, and all others are not", async () => {
    const refused = new RefusedRows()
    const decision = await decisionOf(10, 20, 30)

    expect(refused.without(decision)).toBe(decision)
    refused.note(decision, new Map([[1, duplicate]]))

    expect(refused.without(decision)).toEqual({ ...decision, rows: [0, 2] })
  })

  test("are not written again where others of their batch are", async () => {
    const table = await patientTable([["10"], ["20"], ["30"]])
    table.run(
      "CREATE TRIGGER refuse BEFORE UPDATE ON patient WHEN NEW.id = 20 AND NEW.ssn_bidx IS NOT NULL " +
        "BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    const session = await sessionOf(table)
    const written: number[][] = []
    const dialect: Session["dialect"] = {
      ...session.dialect,
      write(...given) {
        const { batch, rows } = given[2]
        written.push(rows.map((row) => Number(batch.primaryKeyAt(row)[0])))
        return session.dialect.write(...given)
      },
    }
    let races = 1
    const target = table.racing((ssn) => {
      if (ssn === "30" && races-- > 0) table.run("UPDATE patient SET ssn = '31' WHERE id = 30")
    })
    const pass = await patientPass(table, session, { target })

    await passOver(pass, hastyWorker({ ...session, dialect }), new SharedRange())

    expect(table.opened("ssn")).toEqual({ 10: "opened 10", 20: "20", 30: "opened 31" })
    const tries = written.filter((ids) => ids.includes(20))
    expect(written.at(-1)).toEqual([30])
    expect(tries.at(-1)).toEqual([20])
    expect(pass.tally).toMatchObject({ changed: 2, raced: 1, failed: 2 })
  })
})
