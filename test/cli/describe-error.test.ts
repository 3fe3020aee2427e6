import { describe, expect, test } from "@jest/globals"

import { describeError, renderError } from "../../src/cli/describe-error"
import { KeyError } from "../../src/errors"

describe("describeError", () => {
  test.each([
    [
      "PostgreSQL",
      { severity: "ERROR", code: "22P02" },
      'invalid input syntax for type integer: "O"Brien"',
    ],
    ["MySQL", { code: "ER_DUP_ENTRY", sqlState: "23000" }, "Duplicate entry 'O'Brien' for key 'x'"],
  ])("leaves out what %s quotes of a value", (_, properties, message) => {
    const error = Object.assign(new Error(message), properties, { parameters: ["Brien"] })

    expect(JSON.stringify(describeError(error))).not.toContain("Brien")
    expect(renderError(error, true)).not.toContain("Brien")
  })

  test("leaves out what is quoted of JSON that could not be parsed", () => {
    const error = new SyntaxError(`Unexpected token 's', "secret" is not valid JSON`)

    expect(describeError(error).message).toBe("Unexpected token '…' is not valid JSON")
  })

  test("keeps what is quoted of names", () => {
    const properties = { severity: "ERROR", code: "42703" }
    const error = Object.assign(new Error('column "sn" does not exist'), properties)

    expect(describeError(error).message).toBe('column "sn" does not exist')
  })

  test("joins the messages of a host whose addresses all refuse", () => {
    const errors = [new Error("refused by ::1"), new Error("refused by 127.0.0.1")]
    const error = new AggregateError(errors, "")

    expect(describeError(error).message).toBe("refused by ::1; refused by 127.0.0.1")
  })

  test("advises options by their flags", () => {
    const error = new KeyError("ERR_KEY_INVALID", "Add the key, or pass `force`.")

    expect(describeError(error).message).toBe("Add the key, or pass --force.")
  })

  test("puts our own codes in front", () => {
    const error = new KeyError("ERR_KEY_MISSING", "There is no key.")

    expect(renderError(error, false)).toBe("ERR_KEY_MISSING: There is no key.")
  })
})
