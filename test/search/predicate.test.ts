import { describe, expect, test } from "@jest/globals"

import {
  compilePredicate,
  isBlindParameter,
  isLong,
  isPlaintextParameter,
  type LongList,
  type Predicate,
} from "../../src/search/predicate"

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
      "the negation of both",
      not({ kind: "and", of: [indexed, isNull] }),
      '(u.email_bidx NOT IN ["d1","d2"] OR u.email IS NOT NULL)',
    ],
    [
      "either",
      { kind: "or", of: [isNull, not(isNull)] },
      "(u.email IS NULL OR u.email IS NOT NULL)",
    ],
    ["all of one", { kind: "and", of: [isNull] }, "u.email IS NULL"],
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

  test("names its parameters shortly enough for every database", () => {
    const [name = ""] = Object.keys(compilePredicate(indexed).parameters)

    expect(name).toMatch(/^blind_index_[0-9a-f]{24}$/)
    expect(isBlindParameter(name)).toBe(true)
    expect(isBlindParameter(`my_${name}`)).toBe(false)
    expect(isBlindParameter("my_blind_index_")).toBe(false)
  })
})

describe("a list of many texts", () => {
  const longList: LongList = {
    toSql: (name) => `(SELECT * FROM json(:${name}))`,
    toParameter: (texts) => JSON.stringify(texts),
  }
  const texts = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`)

  test.each([
    [1000, longList, false],
    [1001, longList, true],
    [1001, undefined, false],
  ])("of %i is long where the database takes one parameter for %p: %s", (count, list, expected) => {
    expect(isLong(texts(count), list)).toBe(expected)
  })

  test("is one parameter if it is long, and a parameter for each text if not", () => {
    const compiled = (count: number): [string, unknown] => {
      const digests = texts(count)
      const match = { companion: "email_bidx", digests, longList }
      const { toSql, parameters } = compilePredicate({ kind: "matches", match })
      return [toSql((path) => `u.${path}`), Object.values(parameters)]
    }

    expect(compiled(1001)).toEqual([
      expect.stringMatching(/^u\.email_bidx IN \(SELECT \* FROM json\(:blind_index_\w+\)\)$/),
      [JSON.stringify(texts(1001))],
    ])
    expect(compiled(1000)).toEqual([
      expect.stringMatching(/^u\.email_bidx IN \(:\.\.\.blind_index_\w+\)$/),
      [texts(1000)],
    ])
  })
})
