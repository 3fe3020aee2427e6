import { describe, expect, test } from "@jest/globals"

import { compilePredicate, type Predicate } from "../../src/search/predicate"

const isNull: Predicate = { kind: "isNull", path: "email" }
const indexed: Predicate = {
  kind: "matches",
  match: { companion: "email_bidx", digests: ["d1", "d2"], legacy: [] },
}
const legacy: Predicate = {
  kind: "matches",
  match: {
    companion: "email_bidx",
    digests: ["d"],
    legacy: [[{ path: "email", texts: ["a"], functions: ["TRIM", "LOWER"] }]],
  },
}

/** Its SQL with the values in the places of the parameters. */
function sqlOf(predicate: Predicate): string {
  const { toSql, parameters } = compilePredicate(predicate)
  return toSql((path) => `u.${path}`).replaceAll(/\(:\.\.\.(\w+)\)/g, (_, name: string) =>
    JSON.stringify(parameters[name]),
  )
}

const not = (of: Predicate): Predicate => ({ kind: "not", of })

describe("a predicate", () => {
  test.each<[string, Predicate, string]>([
    ["a match", indexed, 'u.email_bidx IN ["d1","d2"]'],
    ["its negation", not(indexed), 'u.email_bidx NOT IN ["d1","d2"]'],
    ["a double negation", not(not(indexed)), 'u.email_bidx IN ["d1","d2"]'],
    ["NULL", isNull, "u.email IS NULL"],
    ["no NULL", not(isNull), "u.email IS NOT NULL"],
    [
      "both",
      { kind: "and", of: [indexed, not(isNull)] },
      '(u.email_bidx IN ["d1","d2"] AND u.email IS NOT NULL)',
    ],
    [
      "the negation of either",
      not({ kind: "or", of: [indexed, isNull] }),
      '(u.email_bidx NOT IN ["d1","d2"] AND u.email IS NOT NULL)',
    ],
    [
      "legacy plaintext",
      legacy,
      '(u.email_bidx IN ["d"] OR (u.email_bidx IS NULL AND ' +
        "u.email NOT LIKE 'gAAAAA%' AND LOWER(TRIM(u.email)) IN [\"a\"]))",
    ],
    [
      "legacy plaintext of a database with a loose collation",
      {
        kind: "matches",
        match: {
          companion: "email_bidx",
          digests: ["d"],
          legacy: [[{ path: "email", texts: ["a"], functions: ["TRIM"], castsToBytes: true }]],
        },
      },
      '(u.email_bidx IN ["d"] OR (u.email_bidx IS NULL AND ' +
        "u.email NOT LIKE 'gAAAAA%' AND CAST(TRIM(u.email) AS BINARY) IN [\"a\"]))",
    ],
    [
      "other legacy plaintext",
      not(legacy),
      '(u.email_bidx NOT IN ["d"] OR (u.email_bidx IS NULL AND ' +
        "u.email NOT LIKE 'gAAAAA%' AND LOWER(TRIM(u.email)) NOT IN [\"a\"]))",
    ],
  ])("compiles %s", (_what, predicate, sql) => {
    expect(sqlOf(predicate)).toBe(sql)
  })

  test("finds nothing in an empty list, and everything outside of it", () => {
    const none: Predicate = {
      kind: "matches",
      match: { companion: "email_bidx", digests: [], legacy: [] },
    }

    expect(sqlOf(none)).toBe("1 = 0")
    expect(sqlOf(not(none))).toBe("1 = 1")
  })

  test("names its parameters anew each time it is compiled", () => {
    const names = [indexed, indexed].flatMap((one) => Object.keys(compilePredicate(one).parameters))

    expect(new Set(names).size).toBe(2)
  })
})
