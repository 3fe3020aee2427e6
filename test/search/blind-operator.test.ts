import { inspect } from "node:util"

import { describe, expect, test } from "@jest/globals"
import { Equal } from "typeorm"

import { UnsupportedQueryError } from "../../src/errors"
import { BlindEqual, BlindIn, soughtBy } from "../../src/search/blind-equal"
import { BlindOperator, isBlindOperator, RefusedCondition } from "../../src/search/blind-operator"
import type { Predicate } from "../../src/search/predicate"

const match: Predicate = {
  kind: "matches",
  match: { companion: "contact.email_bidx", digests: ["d"] },
}

describe("a compiled condition", () => {
  const operator = new BlindOperator("contact.email", match)

  test("compiles to SQL over the companion, beside the path that TypeORM spells", () => {
    const [name = ""] = Object.keys(operator.objectLiteralParameters)

    expect(operator.getSql("user.contact.email")).toBe(`user.contact.email_bidx IN (:...${name})`)
  })

  test("is a raw operator, whose parameters nobody can change", () => {
    expect(operator.type).toBe("raw")
    expect(Object.values(operator.objectLiteralParameters)).toEqual([["d"]])
    for (const name of Object.keys(operator.objectLiteralParameters)) {
      operator.objectLiteralParameters[name] = "x"
    }
    expect(Object.values(operator.objectLiteralParameters)).toEqual([["d"]])
  })

  test("is known, as a refused one is, and nothing else", () => {
    expect(isBlindOperator(operator)).toBe(true)
    expect(isBlindOperator(new RefusedCondition(new Error("no")))).toBe(true)
    for (const other of [Equal("a"), {}, "a", null, undefined]) {
      expect(isBlindOperator(other)).toBe(false)
    }
  })
})

describe("a refused condition", () => {
  test("says why wherever TypeORM would compile it", () => {
    const reason = new UnsupportedQueryError("User.email", "no index answers it")
    const condition = new RefusedCondition(reason)

    expect(condition.type).toBe("raw")
    expect(() => condition.getSql as unknown).toThrow(reason)
    expect(() => condition.objectLiteralParameters as unknown).toThrow(reason)
  })
})

describe("BlindEqual and BlindIn", () => {
  test("say to the compiler what they seek, and by which index", () => {
    expect(soughtBy(BlindEqual("a"))).toEqual({ values: ["a"], index: undefined })
    expect(soughtBy(BlindEqual("a", { index: "by_mail" }))).toMatchObject({ index: "by_mail" })
    expect(soughtBy(BlindIn(["a", "b"], { index: "by_mail" }))).toEqual({
      ...{ values: ["a", "b"], index: "by_mail" },
    })
  })

  test("hold a copy of the list that was given", () => {
    const values = ["a"]
    const operator = BlindIn(values)

    values.push("b")

    expect(soughtBy(operator)?.values).toEqual(["a"])
  })

  test("are understood by a second copy of the package, by the name of their symbol", () => {
    const operator = BlindEqual("a") as unknown as Record<symbol, () => unknown>

    expect(operator[Symbol.for("typeorm-fernet.sought")]?.()).toMatchObject({ values: ["a"] })
  })

  test("are told from all else", () => {
    for (const other of [Equal("a"), {}, "a", null, undefined]) {
      expect(soughtBy(other)).toBeUndefined()
    }
  })

  test("show nobody what they seek", () => {
    const operator = BlindEqual("078-05-1120")

    expect(inspect(operator, { showHidden: true, depth: Infinity })).not.toContain("078-05")
    expect(JSON.stringify(operator)).not.toContain("078-05")
    expect(operator.type).toBe("raw")
    expect(operator.value).toBeUndefined()
  })

  test("refuse to be compiled by TypeORM itself", () => {
    const refuse = BlindIn(["a"]).getSql as (path: string) => string

    expect(() => refuse("user.email")).toThrow(
      new UnsupportedQueryError(
        "user.email",
        "user.email: BlindEqual and BlindIn work on an encrypted property with a blind index, and " +
          "in the conditions of a DataSource that went through withEncryption().",
      ),
    )
  })
})
