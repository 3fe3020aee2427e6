import { afterAll, beforeAll, expect, test } from "@jest/globals"

import { eachDatabase, type TestDatabase } from "../../support/databases"
import { cliOn, type CliOnDatabase, createCustomers } from "./cli-on-database"

/** What uses `phone` in each database, and what only seems to. */
const objects: Readonly<Record<TestDatabase["name"], readonly string[]>> = {
  PostgreSQL: [
    "CREATE INDEX by_phone ON customer (lower(phone))",
    "ALTER TABLE customer ADD CONSTRAINT has_phone CHECK (phone <> '')",
    "ALTER TABLE customer ALTER phone SET DEFAULT 'none'",
    "ALTER TABLE customer ADD area text GENERATED ALWAYS AS (left(phone, 3)) STORED",
    "CREATE VIEW reachable AS SELECT id FROM customer WHERE phone LIKE '0%'",
    "CREATE FUNCTION longest() RETURNS text LANGUAGE sql AS 'SELECT max(phone) FROM customer'",
    "CREATE FUNCTION headphones() RETURNS text LANGUAGE sql AS $$ SELECT 'headphone' $$",
    "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.phone := trim(NEW.phone); RETURN NEW; END'",
    "CREATE TRIGGER tidy BEFORE INSERT ON customer FOR EACH ROW EXECUTE FUNCTION note()",
    "CREATE TRIGGER noted BEFORE UPDATE OF phone ON customer FOR EACH ROW EXECUTE FUNCTION note()",
    "CREATE INDEX by_credit ON customer (credit)",
  ],
  MariaDB: [
    "ALTER TABLE customer MODIFY phone varchar(80) NOT NULL DEFAULT 'none'",
    "CREATE INDEX by_phone ON customer (phone)",
    "ALTER TABLE customer ADD CONSTRAINT has_phone CHECK (phone <> '')",
    "ALTER TABLE customer ADD area text AS (left(phone, 3)) STORED",
    "CREATE VIEW reachable AS SELECT id FROM customer WHERE phone LIKE '0%'",
    "CREATE FUNCTION longest() RETURNS text READS SQL DATA RETURN (SELECT max(phone) FROM customer)",
    "CREATE FUNCTION headphones() RETURNS text NO SQL RETURN 'headphone'",
    "CREATE TRIGGER tidy BEFORE INSERT ON customer FOR EACH ROW SET NEW.phone = trim(NEW.phone)",
    "CREATE INDEX by_credit ON customer (credit(10))",
  ],
  SQLite: [
    "CREATE INDEX by_phone ON customer (lower(phone))",
    "CREATE VIEW reachable AS SELECT id FROM customer WHERE phone LIKE '0%'",
    "CREATE VIEW headphones AS SELECT id AS headphone FROM customer",
    "CREATE TRIGGER tidy AFTER INSERT ON customer BEGIN UPDATE customer SET phone = trim(NEW.phone) WHERE id = NEW.id; END",
    "CREATE INDEX by_credit ON customer (credit)",
  ],
}

const uses: Readonly<Record<TestDatabase["name"], readonly string[]>> = {
  PostgreSQL: [
    "  check: constraint has_phone on table customer",
    "  default: default value for column phone of table customer",
    "  generated column: default value for column area of table customer",
    "  index: index by_phone",
    "  trigger: trigger noted on table customer",
    "  view: reachable",
    "  trigger: trigger noted by note() (by its text)",
    "  trigger: trigger tidy by note() (by its text)",
    "  function: longest() (by its text)",
  ],
  MariaDB: [
    "  default: `phone`",
    "  generated column: `area` text GENERATED ALWAYS AS (left(`phone`,3)) STORED",
    "  index: KEY `by_phone` (`phone`)",
    "  check: CONSTRAINT `has_phone` CHECK",
    "  view: reachable (by its text)",
    "  trigger: tidy (by its text)",
    "  function: longest (by its text)",
  ],
  SQLite: ["  index: by_phone", "  trigger: tidy (by its text)", "  view: reachable (by its text)"],
}

eachDatabase("column:uses", (db) => {
  let cli: CliOnDatabase

  beforeAll(async () => {
    cli = cliOn(db)
    await createCustomers(db, 1)
    for (const sql of objects[db.name]) await db.rawRows(sql)
  })

  afterAll(() => {
    cli.close()
  })

  test("names what uses a column in the database, and nothing that only sounds like it", async () => {
    const { code, stdout, stderr } = await cli.run("column:uses", "--column", "Customer.phone")

    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    // MySQL and MariaDB each write an expression in their own way
    expect(
      stdout
        .trimEnd()
        .replace(/ CHECK .*/, " CHECK")
        .split("\n")
        // The statements that take them away, which a test of the preflight runs
        .filter((line) => !line.startsWith("    ")),
    ).toEqual(["Customer.phone", ...uses[db.name]])
  })

  test("looks at all encrypted columns unless it is told which", async () => {
    const { stdout } = await cli.run("column:uses", "--json")
    const { columns } = JSON.parse(stdout) as { columns: { column: string; database: object[] }[] }

    expect(columns.map(({ column }) => column)).toEqual(["Customer.phone", "Customer.credit"])
    expect(columns[1]?.database).toHaveLength(1)
  })

  test("knows the columns that there are", async () => {
    const { code, stderr } = await cli.run("column:uses", "--column", "Customer.fax")

    expect(code).toBe(2)
    expect(stderr).toContain("Customer.fax is no column of the DataSource.")
  })
})
