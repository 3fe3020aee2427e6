import { describe, expect, test } from "@jest/globals"
import { And, Equal, In, IsNull, Like, Not, Or } from "typeorm"

import {
  isAnswerable,
  isFindOperator,
  unsupportedCondition,
  unsupportedSkip,
} from "../../../src/binding/queries/query-rules"
import { BlindEqual } from "../../../src"
import { BlindOperator, RefusedCondition } from "../../../src/search/blind-operator"

const compiled = new BlindOperator("email", { kind: "isNull", path: "email" })

describe("a condition that the database answers on ciphertext as it is", () => {
  test.each([
    ["IsNull", IsNull()],
    ["its negation", Not(IsNull())],
    ["And of such", And(IsNull(), Not(IsNull()))],
    ["Or of such", Or(IsNull(), compiled)],
    ["one that was compiled", compiled],
    ["one that was refused", new RefusedCondition(new Error("no"))],
  ])("is %s", (_what, condition) => {
    expect(isAnswerable(condition)).toBe(true)
  })

  test.each([
    ["a value", "a"],
    ["null", null],
    ["undefined", undefined],
    ["Equal", Equal("a")],
    ["Equal of IsNull", Equal(IsNull())],
    ["a negated value", Not("a")],
    ["a negated Like", Not(Like("a"))],
    ["And with a value", And(IsNull(), Equal("a"))],
    ["Or with a list", Or(IsNull(), In(["a"]))],
    ["In", In([IsNull()])],
    ["BlindEqual", BlindEqual("a")],
    ["what only looks like one", { type: "isNull" }],
  ])("is not %s", (_what, condition) => {
    expect(isAnswerable(condition)).toBe(false)
  })
})

describe("a find operator", () => {
  test("is known by TypeORM's mark, also of another copy of TypeORM", () => {
    for (const kind of ["FindOperator", "EqualOperator"]) {
      expect(isFindOperator({ "@instanceof": Symbol.for(kind) })).toBe(true)
    }
    for (const other of [{ "@instanceof": Symbol.for("DataSource") }, {}, null, "a", undefined]) {
      expect(isFindOperator(other)).toBe(false)
    }
    expect(isFindOperator(Equal("a"))).toBe(true)
    expect(isFindOperator(In(["a"]))).toBe(true)
  })
})

describe("what a refusal says that works", () => {
  test.each([
    ["equality", "its blind index answers equality only"],
    ["nothing", "equality does with @EncryptedColumn({ blindIndex: true })"],
    ["nothing ever", "condition on it, and its codec takes no blind index."],
    [["a", "b"], "its blind index covers a, b together"],
  ] as const)("follows what there is: %p", (answers, words) => {
    const error = unsupportedCondition("Person.email", answers)

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Person.email" })
    expect(error.message).toContain(words)
    expect(error.message).toMatch(/^Person\.email is encrypted: .* Otherwise load the rows by/)
  })

  test("of an upsert of changed values is an index that tells them apart", () => {
    expect(unsupportedSkip("Person.email").message).toContain(
      "Give it a blind index with all bits and no normalization",
    )
  })
})
