import { expect, test } from "@jest/globals"

import { compareCheck, sameCheck } from "../../src/dialect/check-definition"
import { mysqlSchema } from "../../src/dialect/mysql/schema"
import { postgresSchema } from "../../src/dialect/postgres/schema"

const wanted = (schema: typeof mysqlSchema): string =>
  schema.constraint("t", "t", "pho ne")?.check ?? ""

/** As each server spells out the CHECK that it was given. */
const spelt: Readonly<Record<string, readonly [string, string]>> = {
  "PostgreSQL 15, of text": [
    wanted(postgresSchema),
    `(((("pho ne" COLLATE "C") ~~ 'gAAAAA%'::text) OR ((("pho ne" COLLATE "C") ~ '^g[A-P]'::text) AND (length(("pho ne" COLLATE "C")) >= 100) AND ((length(("pho ne" COLLATE "C")) % 4) = 0) AND (rtrim(("pho ne" COLLATE "C"), '='::text) !~ '[^A-Za-z0-9_-]'::text))) AND (length("pho ne") >= 100))`,
  ],
  "PostgreSQL 15, of varchar": [
    wanted(postgresSchema),
    `((((("pho ne")::text COLLATE "C") ~~ 'gAAAAA%'::text) OR (((("pho ne")::text COLLATE "C") ~ '^g[A-P]'::text) AND (length((("pho ne")::text COLLATE "C")) >= 100) AND ((length((("pho ne")::text COLLATE "C")) % 4) = 0) AND (rtrim((("pho ne")::text COLLATE "C"), '='::text) !~ '[^A-Za-z0-9_-]'::text))) AND (length(("pho ne")::text) >= 100))`,
  ],
  "MariaDB 10.11": [
    wanted(mysqlSchema),
    "((cast(convert(`pho ne` using utf8mb4) as char charset binary) like 'gAAAAA%' or convert(`pho ne` using utf8mb4) collate utf8mb4_bin regexp '^g[A-P]' and octet_length(convert(`pho ne` using utf8mb4)) >= 100 and octet_length(convert(`pho ne` using utf8mb4)) MOD 4 = 0 and !(trim(trailing '=' from convert(`pho ne` using utf8mb4) collate utf8mb4_bin) regexp '[^A-Za-z0-9_-]')) and octet_length(`pho ne`) >= 100)",
  ],
  "MySQL 9.7": [
    wanted(mysqlSchema),
    "((((cast(convert(`pho ne` using utf8mb4) as char charset binary) like _utf8mb4'gAAAAA%') or (regexp_like((convert(`pho ne` using utf8mb4) collate utf8mb4_bin),_utf8mb4'^g[A-P]') and (length(convert(`pho ne` using utf8mb4)) >= 100) and ((length(convert(`pho ne` using utf8mb4)) % 4) = 0) and (not(regexp_like(trim(trailing _utf8mb4'=' from (convert(`pho ne` using utf8mb4) collate utf8mb4_bin)),_utf8mb4'[^A-Za-z0-9_-]'))))) and (length(`pho ne`) >= 100)))",
  ],
}

test.each(Object.entries(spelt))("a CHECK is the same as %s spells it", (_, [check, found]) => {
  expect(sameCheck(found, check)).toBe(true)
})

test.each([
  ["another pattern", "'gAAAAA%'", "'gAAA%'"],
  ["another length", ">= 100", ">= 10"],
  ["another comparison", ">= 100", "< 100"],
  ["what it denies", "!~", "~"],
  ["what goes together", " AND ", " OR "],
])("a CHECK that differs by %s is another", (_, from, to) => {
  const [check = "", found = ""] = spelt["PostgreSQL 15, of text"] ?? []

  expect(found).toContain(from)
  expect(sameCheck(found.replace(from, to), check)).toBe(false)
})

test("a CHECK is not enforced that MySQL says so of", () => {
  const [check = "", found = ""] = spelt["MySQL 9.7"] ?? []

  expect(sameCheck(`${found} /*!80016 NOT ENFORCED */`, check)).toBe(false)
})

test("a constraint under the name is proven, outdated, or another column's", () => {
  const found = { definition: "(a >= 100)", columns: ["a"], proven: true }

  expect(compareCheck(undefined, "a >= 100", "a")).toBe("absent")
  expect(compareCheck(found, "a >= 100", "a")).toBe("proven")
  expect(compareCheck({ ...found, proven: false }, "a >= 100", "a")).toBe("unproven")
  expect(compareCheck(found, "a >= 1", "a")).toBe("outdated")
  expect(compareCheck({ ...found, columns: ["a", "b"] }, "a >= 100", "a")).toBe("taken")
})
