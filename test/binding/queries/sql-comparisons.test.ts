import { describe, expect, test } from "@jest/globals"

import { comparisonOf } from "../../../src/binding/queries/sql-comparisons"
import { tokenize } from "../../../src/binding/queries/sql-tokens"

/** What the column `c` is compared with in SQL, and the part of it that says so. */
function compared(sql: string): object | undefined {
  const tokens = tokenize(sql, "postgres")
  const start = tokens.findIndex(({ text }) => text === "c")
  const comparison = comparisonOf(tokens, { start, end: start + 1 })
  if (!comparison) return undefined
  const { start: first, end, values, negated, isValue } = comparison
  return {
    sql: sql.slice(tokens[first]?.start, tokens[end - 1]?.end),
    values: values.map(({ text }) => text),
    ...{ negated, isValue },
  }
}

const endings = ["", ")", ", 1", ";", " AND a", " OR a", " THEN 1", " ORDER BY a", " LIMIT 1"]
const beginnings = [
  ...["", "(", "1, ", "AND ", "or ", "NOT ", "XOR ", "ON ", "WHERE ", "HAVING "],
  ...["CASE WHEN ", "THEN ", "ELSE ", "SELECT "],
]

const answered: readonly (readonly [sql: string, ...values: string[]])[] = [
  ["c = :v", "v"],
  ["c == :v", "v"],
  ["c <> :v", "v"],
  ["c != :v", "v"],
  [":v = c", "v"],
  [":v <> c", "v"],
  ["c = :v::text", "v"],
  ["c = :v::VARCHAR", "v"],
  ["c IN (:v)", "v"],
  ["c in (:...v)", "...v"],
  ["c IN (:v, :w::text, :x)", "v", "w", "x"],
  ["c NOT IN (:v, :w)", "v", "w"],
  ["c = ANY(:v)", "v"],
  ["c = ANY(:v::text[])", "v"],
]

describe("a comparison of a column for equality", () => {
  test.each(answered)("is %s", (sql, ...values) => {
    const expected = {
      ...{ sql, values },
      negated: /<>|!=|NOT/.test(sql),
      isValue: !/IN |ANY/i.test(sql),
    }

    for (const before of beginnings) {
      for (const after of endings) expect(compared(before + sql + after)).toEqual(expected)
    }
  })

  test.each([
    "COLLATE",
    "ESCAPE",
    "AT",
    "IS",
    "NOTNULL",
    "ISNULL",
    "BETWEEN",
    "IN",
    "LIKE",
    "NOT",
    "ILIKE",
    "SIMILAR",
    "GLOB",
    "REGEXP",
    "RLIKE",
    "MATCH",
    "SOUNDS",
    "MEMBER",
    "OVERLAPS",
    "OPERATOR",
    "DIV",
    "mod",
    "+",
    "||",
    "::int",
    "[1]",
    "= 1",
    "'x'",
    '"x"',
  ])("is none that goes on with %s", (rest) => {
    for (const [sql] of answered) {
      // What is compared with a list of lists is none to begin with
      if (rest === "[1]" && sql.endsWith("::text")) continue
      expect(compared(`${sql} ${rest} a`)).toBeUndefined()
    }
  })

  test.each(["a +", "a = ", "a LIKE", "BETWEEN", '"AND"', "'x'", ".", "a ||", "-", "CASE", ":x ="])(
    "is none after %s",
    (before) => {
      for (const [sql] of answered) expect(compared(`${before} ${sql}`)).toBeUndefined()
    },
  )

  test.each([
    ["nothing", "c"],
    ["another operator", "c < :v"],
    ["another operator, the value first", ":v >= c"],
    ["a text", "c = 'v'"],
    ["a column", "c = v"],
    ["a column first", "v = c"],
    ["a value in parentheses", "c = (:v)"],
    ["a cast to another type", "c = :v::int"],
    ["a list of a column", "c IN (:v, w)"],
    ["a list of nothing", "c IN ()"],
    ["a list without commas", "c IN (:v :w)"],
    ["a list that does not end", "c IN (:v"],
    ["a list that ends in a comma", "c IN (:v,"],
    ["no list", "c IN :v"],
    ["a SELECT", "c IN (SELECT :v)"],
    ["a negated pattern", "c NOT LIKE (:v)"],
    ["NOT alone", "c NOT (:v)"],
    ["every one of a list", "c = ALL(:v)"],
    ["another than one of a list", "c <> ANY(:v)"],
    ["one of no list", "c = ANY :v"],
    ["one of a column", "c = ANY(v)"],
    ["one of two lists", "c = ANY(:v, :w)"],
    ["one of a list of numbers", "c = ANY(:v::int[])"],
    ["one of a list that does not end", "c = ANY(:v"],
    ["a cast that does not end", "c = :v::text["],
  ])("is none with %s", (_what, sql) => {
    expect(compared(sql)).toBeUndefined()
  })
})
