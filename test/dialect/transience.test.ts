import { describe, expect, test } from "@jest/globals"

import { mariaDbDialect, mysqlDialect } from "../../src/dialect/mysql/dialect"
import { postgresDialect } from "../../src/dialect/postgres/dialect"
import { isRefusal, lacksConnections, StatementError } from "../../src/dialect/statement-error"

const failed = (code: string): StatementError => new StatementError(code, "It failed.")

describe("a statement that failed", () => {
  test.each(["08006", "57P01", "57P02", "57P03", "57P05", "25P03", "25P04", "53300"])(
    "on PostgreSQL with %s is tried again on another connection",
    (code) => {
      expect(postgresDialect.transience(failed(code))).toBe("connection")
    },
  )

  test.each(["55P03", "40P01", "40001", "57014"])(
    "on PostgreSQL with %s is tried again",
    (code) => {
      expect(postgresDialect.transience(failed(code))).toBe("lock")
    },
  )

  test.each(["23514", "42501", "25P02"])("on PostgreSQL with %s is final", (code) => {
    expect(postgresDialect.transience(failed(code))).toBeUndefined()
  })

  test.each([
    ...["22001", "22021", "22P05", "23502", "23505", "23514", "44000", "54000", "P0001"],
    ...["ER_DUP_ENTRY", "ER_DATA_TOO_LONG", "ER_CHECK_CONSTRAINT_VIOLATED", "ER_CONSTRAINT_FAILED"],
    ...["ER_TRUNCATED_WRONG_VALUE_FOR_FIELD", "ER_SIGNAL_EXCEPTION"],
    ...["SQLITE_CONSTRAINT_CHECK", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_TRIGGER"],
  ])("with %s was refused for one of its rows", (code) => {
    expect(isRefusal(failed(code))).toBe(true)
  })

  test.each(["", "42P01", "42501", "25P02", "53300", "ER_NO_SUCH_TABLE", "SQLITE_BUSY"])(
    "with '%s' was not",
    (code) => {
      expect(isRefusal(failed(code))).toBe(false)
    },
  )
})

describe("a connection that is refused", () => {
  test.each([failed("53300"), { code: "53300" }, { code: "ER_USER_LIMIT_REACHED" }])(
    "since there are too many is told from others: %j",
    (error) => {
      expect(lacksConnections(error)).toBe(true)
    },
  )

  test("for another reason is not", () => {
    expect(lacksConnections({ code: "28P01" })).toBe(false)
    expect(lacksConnections(new Error("no"))).toBe(false)
  })
})

test("MariaDB leaves locked rows out from 10.6 on, and MySQL always", () => {
  const versions = ["10.5.28-MariaDB", "10.6.0-MariaDB", "11.4.2-MariaDB-ubu2404"]

  expect(versions.map((version) => mariaDbDialect(version).skipsLocked)).toEqual([
    false,
    true,
    true,
  ])
  expect(mysqlDialect.skipsLocked).toBe(true)
})
