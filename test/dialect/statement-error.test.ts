import { inspect } from "node:util"

import { describe, expect, test } from "@jest/globals"

import {
  CONNECTION_LOST,
  isConnectionLost,
  statementError,
} from "../../src/dialect/statement-error"

const driverError = (message: string, properties: object): Error =>
  Object.assign(new Error(message), properties)

describe("statementError", () => {
  test("keeps the code and leaves everything else behind", () => {
    const refused = driverError("not 078-05-1120", {
      code: "P0001",
      detail: "Failing row contains (078-05-1120)",
      where: "078-05-1120",
      sql: "UPDATE patient SET ssn = '078-05-1120'",
      parameters: ["078-05-1120"],
    })

    const error = statementError(refused, () => false)

    expect(error.code).toBe("ERR_STATEMENT_FAILED")
    expect(error.driverCode).toBe("P0001")
    expect(error.message).toContain("its message may quote values")
    expect(inspect(error, { showHidden: true, depth: Infinity })).not.toContain("078-05")
  })

  test("names the constraint and the column", () => {
    const refused = driverError("078-05-1120", {
      code: "23514",
      constraint: "short",
      column: "ssn",
    })

    expect(statementError(refused, () => false).message).toBe(
      "A statement failed with 23514: short, ssn.",
    )
  })

  test("quotes a message whose code allows it", () => {
    const failed = driverError('relation "x" does not exist', { code: "42P01" })

    expect(statementError(failed, (code) => code.startsWith("42")).message).toContain('"x"')
  })

  test("tells what depends on a column where details hold names only, and what it was about", () => {
    const refused = driverError("cannot alter type of a column used by a view or rule", {
      code: "0A000",
      detail: 'rule _RETURN on view seen depends on column "ssn"',
    })
    const named = statementError(
      refused,
      () => false,
      (code) => code === "0A000",
    )

    expect(named.message).toBe(
      'A statement failed with 0A000: rule _RETURN on view seen depends on column "ssn".',
    )
    const invalid = driverError('invalid byte sequence for encoding "UTF8": 0x37', {
      code: "22021",
      detail: "0x37",
    })
    const about = statementError(invalid, () => false).about("clinic.patient")
    expect(about.message).toBe(
      "A statement on clinic.patient failed with 22021; its message may quote values.",
    )
    expect(about).toMatchObject({ code: "ERR_STATEMENT_FAILED", driverCode: "22021" })
  })

  test.each([
    "Connection terminated unexpectedly",
    "Client has encountered a connection error and is not queryable",
    "Client was closed and is not queryable",
    "Can't add new command when connection is in closed state",
    "Connection lost: The server closed the connection.",
  ])("knows a lost connection by its words: %s", (message) => {
    const { driverCode } = statementError(driverError(message, {}), () => false)

    expect(driverCode).toBe(CONNECTION_LOST)
    expect(isConnectionLost(driverCode)).toBe(true)
  })

  test("says of what is no error of the database what kind it is", () => {
    const error = statementError(new RangeError("078-05-1120"), () => true)

    expect(error.driverCode).toBe("")
    expect(error.message).toContain("a RangeError")
    expect(error.message).not.toContain("078-05")
  })
})
