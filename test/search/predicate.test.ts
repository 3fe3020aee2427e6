import { describe, expect, test } from "@jest/globals"

import { compilePredicate, isPlaintextParameter, type Predicate } from "../../src/search/predicate"

const isNull: Predicate = { kind: "isNull", path: "email" }
const indexed: Predicate = {
  kind: "matches",
  match: { companion: "email_bidx", digests: ["d1", "d2"] },
}
const legacy: Predicate = {
  kind: "matches",
  match: {
    companion: "email_bidx",
    digests: ["d"],
    otherwise: {
      kind: "holds",
      cell: { path: "email", texts: ["a"], functions: ["TRIM", "LOWER"] },
    },
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
      '((u.email_bidx IS NOT NULL AND u.email_bidx IN ["d"]) OR (u.email_bidx IS NULL AND ' +
        "CASE WHEN NOT (u.email LIKE 'gAAAAA%') THEN LOWER(TRIM(u.email)) IN [\"a\"] END))",
    ],
    [
      "legacy plaintext of a database with a loose collation",
      {
        kind: "holds",
        cell: { path: "email", texts: ["a"], functions: ["TRIM"], castsToBytes: true },
      },
      "CASE WHEN NOT (u.email LIKE 'gAAAAA%') THEN CAST(TRIM(u.email) AS BINARY) IN [\"a\"] END",
    ],
    [
      "other legacy plaintext",
      not(legacy),
      '((u.email_bidx IS NOT NULL AND u.email_bidx NOT IN ["d"]) OR (u.email_bidx IS NULL AND ' +
        "CASE WHEN NOT (u.email LIKE 'gAAAAA%') THEN LOWER(TRIM(u.email)) NOT IN [\"a\"] END))",
    ],
    ["what is unknown", not({ kind: "unknown" }), "NULL"],
  ])("compiles %s", (_what, predicate, sql) => {
    expect(sqlOf(predicate)).toBe(sql)
  })

  test("finds nothing in an empty list, and everything outside of it", () => {
    const none: Predicate = {
      kind: "matches",
      match: { companion: "email_bidx", digests: [] },
    }

    expect(sqlOf(none)).toBe("1 = 0")
    expect(sqlOf(not(none))).toBe("1 = 1")
  })

  test("names its parameters by what they hold, and tells nothing of it", () => {
    const names = (texts: string[]) =>
      Object.keys(
        compilePredicate({ kind: "holds", cell: { path: "email", texts, functions: [] } })
          .parameters,
      )

    expect(names(["a"])).toEqual(names(["a"]))
    expect(names(["a"])).not.toEqual(names(["b"]))
    expect(names(["a"]).map(isPlaintextParameter)).toEqual([true])
    expect(Object.keys(compilePredicate(indexed).parameters).map(isPlaintextParameter)).toEqual([
      false,
    ])
  })
})
