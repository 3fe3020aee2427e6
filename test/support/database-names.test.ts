import { afterEach, describe, expect, test } from "@jest/globals"
import { databasesAskedFor } from "./database-names"

describe("databasesAskedFor", () => {
  const before = process.env.DATABASES

  afterEach(() => {
    if (before === undefined) delete process.env.DATABASES
    else process.env.DATABASES = before
  })

  test("is undefined when DATABASES is not set", () => {
    delete process.env.DATABASES

    expect(databasesAskedFor()).toBeUndefined()
  })

  test("reads names by any of their spellings", () => {
    process.env.DATABASES = "postgres, MySQL"

    expect(databasesAskedFor()).toEqual(new Set(["PostgreSQL", "MariaDB"]))
  })

  test("refuses a database there is not", () => {
    process.env.DATABASES = "oracle"

    expect(databasesAskedFor).toThrow('DATABASES names "oracle"')
  })
})
