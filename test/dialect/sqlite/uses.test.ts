import { expect, test } from "@jest/globals"
import { DataSource } from "typeorm"

import { openSession } from "../../../src/dialect/session"
import { findSqliteUses } from "../../../src/dialect/sqlite/uses"

test("SQLite's uses of a column are named by the texts of what there is", async () => {
  const source = new DataSource({ type: "better-sqlite3", database: ":memory:" })
  await source.initialize()
  const runner = source.createQueryRunner()
  const statements = [
    "CREATE TABLE customer (id int, phone text, credit text, UNIQUE (phone), CHECK (phone <> ''))",
    "CREATE TABLE line (number text REFERENCES customer (phone))",
    "CREATE INDEX by_phone ON customer (lower(phone))",
    "CREATE INDEX by_credit ON customer (credit)",
    "CREATE VIEW reachable AS SELECT id FROM customer WHERE phone LIKE '0%'",
    "CREATE VIEW headphones AS SELECT id AS headphone FROM customer",
    "CREATE TEMP TRIGGER tidy AFTER INSERT ON line BEGIN UPDATE customer SET phone = ''; END",
  ]
  for (const statement of statements) await runner.query(statement)
  const { connection } = await openSession(runner, source.options.type)
  const find = (column: string) =>
    findSqliteUses(connection, { path: '"customer"', table: "customer", column })

  const uses = (await find("phone")).map(
    ({ kind, name, byText }) => `${kind} ${name}${byText ? " ?" : ""}`,
  )

  expect(uses).toEqual([
    "index sqlite_autoindex_customer_1",
    "foreign key of line to customer",
    "index by_phone",
    "other the definition of customer ?",
    "trigger tidy ?",
    "view reachable ?",
  ])
  expect((await find("credit")).map(({ name }) => name)).toEqual(["by_credit"])
  await source.destroy()
})
