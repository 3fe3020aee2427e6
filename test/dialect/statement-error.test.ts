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
