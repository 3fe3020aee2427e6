import { describe, expect, test } from "@jest/globals"

import { decodeBase64Url, decodedLength, encodeBase64Url } from "../../src/fernet/base64url"

function decode(text: string): string | undefined {
  const length = decodedLength(text)
  if (!Number.isInteger(length)) return undefined
  const target = Buffer.alloc(1 + length)
  return decodeBase64Url(text, target, 1, length) ? target.toString("hex", 1) : undefined
}

describe("encodeBase64Url", () => {
  test.each([
    ["", ""],
    ["fb", "-w=="],
    ["fbff", "-_8="],
    ["fbffbe", "-_--"],
    ["00000000", "AAAAAA=="],
  ])("writes the bytes %p as %p", (hex, text) => {
    expect(encodeBase64Url(Buffer.from(`55${hex}55`, "hex"), 1, 1 + hex.length / 2)).toBe(text)
    expect(decode(text)).toBe(hex)
  })
})

describe("decodeBase64Url", () => {
  test.each(Array.from("AQgw"))("takes %s as the last character before ==", (last) => {
    expect(decode(`A${last}==`)).toHaveLength(2)
  })

  test.each(Array.from("AEIMQUYcgkosw048"))("takes %s as the last character before =", (last) => {
    expect(decode(`AA${last}=`)).toHaveLength(4)
  })

  test.each(Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"))(
    "takes %s as the last character of a full group",
    (last) => {
      expect(decode(`AAA${last}`)).toHaveLength(6)
    },
  )

  test.each([
    ["lacks its padding", "AA"],
    ["has one = too few", "AA="],
    ["has four of them", "AAAA===="],
    ["has three of them", "A==="],
    ["has padding inside", "AA==AAAA"],
    ["has = inside", "AA=A"],
    ["has stray bits before ==", "AB=="],
    ["has stray bits before =", "AAB="],
    ["is in the standard alphabet, with +", "AA+A"],
    ["is in the standard alphabet, with /", "AA/A"],
    ["has a space", "AA A"],
    ["ends with a line break", "AAA\n"],
    ["has a character outside the alphabet", "AA%A"],
    ["has a Latin-1 character", "AA\u00c1A"],
    ["has a wide character whose low byte is in the alphabet", "AA\u0141A"],
    ["has a lone surrogate whose low byte is in the alphabet", "AA\ud841A"],
  ])("refuses text that %s", (_, text) => {
    expect(decode(text)).toBeUndefined()
  })

  test("refuses text that lost a character, whatever the memory held before", () => {
    const target = Buffer.alloc(3)

    expect(decodeBase64Url("AA!A", target, 0, 3)).toBe(false)
  })
})
