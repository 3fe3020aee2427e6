import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { foreignMark } from "../../../src/bulk/pass/foreign-marks"
import { keyring } from "../../support/keys"

const token = keyring.encrypt("078-05-1120")

describe("foreignMark", () => {
  test.each([
    ["enc:v1:YWJj", 'the prefix "enc:"'],
    ["encrypted:YWJj", 'the prefix "encrypted:"'],
    ["ENC(YWJj)", '"ENC(…)"'],
    ["{cipher}YWJj", 'the prefix "{cipher}"'],
    ["v1.aesgcm256.ab.cd", 'the prefix "v1.aesgcm256."'],
    ["vault:v12:YWJj", 'the prefix "vault:v1:"'],
    ["U2FsdGVkX19YWJj", '"Salted__" of OpenSSL'],
    ['{"encrypted":"YWJj"}', '{"encrypted":…}'],
    [`enc:${token}`, "a token inside other text"],
    [`see ${token} there`, "a token inside other text"],
    [`"${token}"`, "quotes around a token"],
    [`b'${token}'`, "quotes around a token"],
    [` "${token}"\n`, "quotes around a token"],
    [`the key "${token}"`, "a token inside other text"],
    [`"${token}" is the key`, "a token inside other text"],
  ])("knows case %# by its mark", (text, mark) => {
    expect(foreignMark(text)).toBe(mark)
  })

  test.each([
    "",
    "078-05-1120",
    "enc: see the note",
    "encrypted: no",
    "ENC",
    '{"encrypted":true}',
    "gAAAAABob",
    `g${"A".repeat(120)}`,
  ])("finds none in %j", (text) => {
    expect(foreignMark(text)).toBeUndefined()
  })

  test("finds none in texts of people", () => {
    fc.assert(
      fc.property(fc.lorem({ mode: "sentences", maxCount: 9 }), (text) => {
        expect(foreignMark(text)).toBeUndefined()
      }),
    )
  })
})
