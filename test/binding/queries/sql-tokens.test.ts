import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { withQuotedNames } from "../../../src/binding/queries/quoted-names"
import {
  hasOpenAlternative,
  type SqlToken,
  tokenize,
} from "../../../src/binding/queries/sql-tokens"
import type { SqlSyntax } from "../../../src/dialect/driver-facts"

const dialects: readonly SqlSyntax[] = ["postgres", "mysql", "sqlite"]

const textsOf = (tokens: readonly SqlToken[]): readonly string[] => tokens.map(({ text }) => text)

describe("the tokens of SQL", () => {
  test.each<readonly [SqlSyntax, string, readonly string[]]>([
    ["postgres", "u.email=:e", ["u", ".", "email", "=", "e"]],
    ["postgres", "a::text = ANY(:...p)", ["a", "::", "text", "=", "ANY", "(", "...p", ")"]],
    ["postgres", "'it''s' || E'\\'' || x", ["'it''s'", "||", "E'\\''", "||", "x"]],
    ["postgres", "$$ a = 'b' $$ $t$ $$ $t$ c", ["$$ a = 'b' $$", "$t$ $$ $t$", "c"]],
    ["postgres", "a /* x /* y */ = 'z' */ <> b -- c", ["a", "<>", "b"]],
    ["postgres", "doc->>'k' @> '{}' AND a$b", ["doc", "->>", "'k'", "@>", "'{}'", "AND", "a$b"]],
    ["postgres", '"a""b"."c d"', ['a"b', ".", "c d"]],
    ["postgres", 'U&"d\\0061t\\+000061 \\\\" u&"!0061" UESCAPE \'!\' b', ["data \\", "a", "b"]],
    ["postgres", 'u & "a\\0061" U&"\\+FFFFFF" U&"', ["u", "&", "a\\0061", "\u{10ffff}", ""]],
    ["postgres", 'U&"a""b|0061" UESCAPE \'|\'', ['a"ba']],
    ["postgres", "1.5e-3 + .5", ["1.5e-3", "+", ".5"]],
    ["mysql", "a = 'it\\'s' # b", ["a", "=", "'it\\'s'"]],
    ["mysql", 'a = "it\\"s" AND `c``d` <=> e', ["a", "=", '"it\\"s"', "AND", "c`d", "<=>", "e"]],
    ["postgres", "a -- b\r= c", ["a", "=", "c"]],
    ["sqlite", "a -- b\r= c", ["a"]],
    ["mysql", "a--b", ["a", "-", "-", "b"]],
    ["mysql", "a -- b\n= c", ["a", "=", "c"]],
    ["mysql", "a /*!50000 = b */ /* c */", ["a", "=", "b"]],
    ["sqlite", "[a b].`c` == 'd'", ["a b", ".", "c", "==", "'d'"]],
    ["sqlite", "a = 'x\\' AND b", ["a", "=", "'x\\'", "AND", "b"]],
    ["sqlite", "'never closed = b", ["'never closed = b"]],
  ])("of %s are told from each other: %s", (dialect, sql, tokens) => {
    expect(textsOf(tokenize(sql, dialect))).toEqual(tokens)
  })

  test.each(dialects)("of %s cover everything but white space and comments", (dialect) => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (sql) => {
        const tokens = tokenize(sql, dialect)

        let at = 0
        for (const { start, end } of tokens) {
          expect(start).toBeGreaterThanOrEqual(at)
          expect(end).toBeGreaterThan(start)
          expect(sql.slice(at, start)).toMatch(/^(\s|--|#|\/\*|\*\/)*|/)
          at = end
        }
        expect(at).toBeLessThanOrEqual(sql.length)
      }),
    )
  })

  test.each(dialects)("of %s never find a name inside a text", (dialect) => {
    const quoted = fc
      .string({ unit: "grapheme" })
      .map((text) => `'${text.replaceAll("\\", "").replaceAll("'", "''")}'`)
    fc.assert(
      fc.property(quoted, quoted, (one, other) => {
        const tokens = tokenize(`u.email = ${one} AND ${other} = u.email`, dialect)

        expect(textsOf(tokens)).toEqual([
          ...["u", ".", "email", "=", one, "AND", other, "="],
          ...["u", ".", "email"],
        ])
      }),
    )
  })
})

describe("what MySQL has in double quotes", () => {
  const namesOf = (sql: string): readonly string[] =>
    withQuotedNames(tokenize(sql, "mysql"), "mysql").flatMap(({ kind, text }) =>
      kind === "name" ? [text] : [],
    )

  test.each([
    ['"u"."email" = :e', ["u", "email"]],
    ['u."e""mail" = :e', ['e"mail']],
    ['"email" = :e OR "email" IS NULL', ["email", "email"]],
    [':e = "email"', ["email"]],
    ['(LOWER("email") LIKE :e)', ["email"]],
    ['ORDER BY "email"', ["email"]],
    ['u.kind = "email"', []],
    ['u.kind IN ("email", "phone") OR u.kind IN ("email")', []],
    ['CONCAT("email", u.n) = :e', []],
    ['SELECT "email" AS kind', []],
  ] as const)("is a name where a text would make no sense: %s", (sql, names) => {
    expect(namesOf(sql)).toEqual(names)
  })

  test("is read by its own rules elsewhere", () => {
    const tokens = tokenize('"u"."email"', "postgres")

    expect(withQuotedNames(tokens, "postgres")).toBe(tokens)
  })
})

describe("an alternative", () => {
  test.each<readonly [SqlSyntax, string, boolean]>([
    ["postgres", "a = 1 OR b = 2", true],
    ["postgres", "(a = 1 OR b = 2) AND c = 3", false],
    ["postgres", "(a = 1) or (b = 2)", true],
    ["postgres", "a = 'x OR y'", false],
    ["postgres", "a || b = 'x'", false],
    ["postgres", "a = 1) OR (b = 2", true],
    ["mysql", "a || b", true],
    ["mysql", "a XOR b", true],
    ["sqlite", '"or" = 1', false],
    ["sqlite", "ordered = 1 AND floor(a) = 1", false],
    ["sqlite", '"(" = 1 OR b = 2', true],
    ["sqlite", '(")" = 1 OR b = 2)', false],
    ["mysql", "`||` = 1", false],
    ["mysql", "a | b = 1", false],
  ])("is open, or not, in %s: %s", (dialect, sql, isOpen) => {
    expect(hasOpenAlternative(sql, dialect)).toBe(isOpen)
  })
})
