import { describe, expect, test } from "@jest/globals"

import { driverFacts } from "../../src/dialect/driver-facts"
import { mysqlToken, postgresToken, sqliteToken } from "../../src/dialect/token-condition"

describe("driverFacts", () => {
  test.each([
    ["postgres", "postgres", postgresToken],
    ["aurora-postgres", "postgres", postgresToken],
    ["cockroachdb", "postgres", postgresToken],
    ["mysql", "mysql", mysqlToken],
    ["mariadb", "mysql", mysqlToken],
    ["aurora-mysql", "mysql", mysqlToken],
    ["better-sqlite3", "sqlite", sqliteToken],
    ["sqlite", "sqlite", sqliteToken],
    ["sqljs", "sqlite", sqliteToken],
    ["oracle", "sqlite", undefined],
  ])("know the SQL of %s", (driver, syntax, isToken) => {
    const facts = driverFacts(driver)

    expect([facts.syntax, facts.isToken]).toEqual([syntax, isToken])
  })

  test("compare texts as bytes on MySQL alone, whose collations find more equal", () => {
    const casting = ["postgres", "mysql", "mariadb", "aurora-mysql", "better-sqlite3"].filter(
      (driver) => driverFacts(driver).castsToBytes,
    )

    expect(casting).toEqual(["mysql", "mariadb", "aurora-mysql"])
  })

  test("declare a constraint in the model where TypeORM would drop one that is not there", () => {
    const declaring = ["postgres", "cockroachdb", "mysql", "mariadb", "better-sqlite3"].filter(
      (driver) => driverFacts(driver).modelConstraint?.("", "patient", "ssn"),
    )

    expect(declaring).toEqual(["postgres", "cockroachdb"])
  })

  test("plan types for no database that nobody tried them on", () => {
    const planning = ["postgres", "mysql", "mariadb", "better-sqlite3", "sqljs", "oracle"].filter(
      (driver) => driverFacts(driver).planTypes,
    )

    expect(planning).toEqual(["postgres", "mysql", "mariadb", "better-sqlite3"])
  })
})
