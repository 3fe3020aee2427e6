import { expect, test } from "@jest/globals"

import type { Connection, ResultRow } from "../../../src/dialect/connection"
import { findMysqlUses } from "../../../src/dialect/mysql/uses"

const DEFINITION = [
  "CREATE TABLE `customer` (",
  "  `id` int(11) NOT NULL,",
  "  `phone` varchar(80) DEFAULT 'none' CHECK (`phone` <> ''),",
  "  `headphone` text DEFAULT NULL,",
  "  `area` text GENERATED ALWAYS AS (left(`phone`,3)) STORED,",
  "  `other` text CHECK (`other` <> `phone`),",
  "  PRIMARY KEY (`id`),",
  "  KEY `by_phone` (`phone`),",
  "  CONSTRAINT `of_phone` FOREIGN KEY (`phone`) REFERENCES `line` (`number`),",
  "  CONSTRAINT `has_phone` CHECK (`phone` <> '')",
  ") ENGINE=InnoDB",
  " PARTITION BY KEY (`phone`)",
].join("\n")

const answers: Readonly<Record<string, readonly ResultRow[]>> = {
  "SHOW CREATE TABLE": [{ "Create Table": DEFINITION }],
  VIEWS: [
    { name: "reachable", source: "select `phone` from `customer`" },
    { name: "others", source: "select `phone` from `line`" },
  ],
  TRIGGERS: [
    { name: "tidy", source: "SET NEW.phone = trim(NEW.phone)", on: "customer" },
    { name: "of_line", source: "SET NEW.phone = ''", on: "line" },
  ],
  ROUTINES: [{ name: "longest", source: "SELECT max(phone) FROM customer" }],
  EVENTS: [{ name: "nightly", source: "UPDATE c SET phone = NULL" }],
  KEY_COLUMN_USAGE: [{ name: "call.to_customer", of: "call", key: "to_customer" }],
}

/** What a server answers, and the schema it was asked about. */
function serverOf(schemas: unknown[]): Connection {
  const query = (sql: string, [schema]: readonly unknown[] = []) => {
    if (schema !== undefined) schemas.push(schema)
    const found = Object.entries(answers).find(([part]) => sql.includes(part))
    return Promise.resolve({ rows: found?.[1] ?? [] })
  }
  return { query } as unknown as Connection
}

const ofPhone = { table: "customer", column: "phone" }

test("MySQL's uses of a column are named by what their line says, and by the texts of the rest", async () => {
  const schemas: unknown[] = []
  const uses = await findMysqlUses(serverOf(schemas), { path: "`customer`", ...ofPhone })

  expect(uses.map(({ kind, name, byText }) => `${kind} ${name}${byText ? " ?" : ""}`)).toEqual([
    "default `phone`",
    "check `phone`",
    "generated column `area` text GENERATED ALWAYS AS (left(`phone`,3)) STORED",
    "check `other` text CHECK (`other` <> `phone`)",
    "index KEY `by_phone` (`phone`)",
    "foreign key CONSTRAINT `of_phone` FOREIGN KEY (`phone`) REFERENCES `line` (`number`)",
    "check CONSTRAINT `has_phone` CHECK (`phone` <> '')",
    expect.stringContaining("PARTITION BY KEY (`phone`)"),
    "view reachable ?",
    "trigger tidy ?",
    "function longest ?",
    "event nightly ?",
    "foreign key call.to_customer",
  ])
  expect(uses.map(({ remove }) => remove?.replace("ALTER TABLE ", ""))).toEqual([
    "`customer` ALTER COLUMN `phone` SET DEFAULT NULL",
    undefined,
    "`customer` DROP COLUMN `area`",
    undefined,
    "`customer` DROP INDEX `by_phone`",
    "`customer` DROP FOREIGN KEY `of_phone`",
    "`customer` DROP CONSTRAINT `has_phone`",
    undefined,
    "DROP VIEW `reachable`",
    "DROP TRIGGER `tidy`",
    undefined,
    undefined,
    "`call` DROP FOREIGN KEY `to_customer`",
  ])
  expect(new Set(schemas)).toEqual(new Set([null]))
})

test("MySQL's uses of a column are looked for in the schema of its table", async () => {
  const schemas: unknown[] = []
  await findMysqlUses(serverOf(schemas), { path: "`sales`.`customer`", ...ofPhone })

  expect(new Set(schemas)).toEqual(new Set(["sales"]))
})
