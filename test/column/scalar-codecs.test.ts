import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { CodecRefusal } from "../../src/column/codec"
import { bigintCodec, booleanCodec, numberCodec, stringCodec } from "../../src/column/scalar-codecs"
import { refusal } from "./plaintext-of"

describe("the string codec", () => {
  test("writes the text as it is", () => {
    expect(stringCodec.encode("Zoë 🔒")).toBe("Zoë 🔒")
    expect(stringCodec.encode("")).toBe("")
  })

  test("reads back any well-formed text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(stringCodec.decodeText(stringCodec.encode(text))).toBe(text)
      }),
    )
  })

  test.each(["\ud83d", "\udd12\ud83d", "a\udfffb"])("refuses the lone surrogate of %j", (text) => {
    expect(refusal(() => stringCodec.encode(text))).toBe(
      "well-formed text, got a string with a lone surrogate",
    )
  })

  test.each([
    [78051120, "a number"],
    [{ ssn: "078-05-1120" }, "an object"],
    [["078-05-1120"], "an array"],
    [Buffer.from("078-05-1120"), "bytes"],
    [new Date(0), "a Date"],
    [true, "a boolean"],
    [Symbol("078-05-1120"), "a symbol"],
    [new String("078-05-1120"), "an object"],
  ])("refuses %p as %s", (value, type) => {
    expect(() => stringCodec.encode(value)).toThrow(CodecRefusal)
    expect(refusal(() => stringCodec.encode(value))).toBe(`a string, got ${type}`)
  })
})

/** Writes a whole number with so many decimal places. */
function placed(digits: bigint, scale: number): string {
  const text = String(digits).padStart(scale + 1, "0")
  return scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`
}

/** Whether a number is written by the same digits, or is the whole number itself. */
function sameDecimal(digits: bigint, scale: number, value: number): boolean {
  const unit = 10n ** BigInt(scale)
  if (digits % unit === 0n && BigInt(value) === digits / unit) return true
  const [mantissa = "", exponent = "0"] = String(value).split("e")
  const [whole = "", fraction = ""] = mantissa.split(".")
  const shift = scale - fraction.length + Number(exponent)
  const written = BigInt(whole + fraction)
  return shift >= 0
    ? written * 10n ** BigInt(shift) === digits
    : written === digits * 10n ** BigInt(-shift)
}

describe("the number codec", () => {
  test.each([
    [0, "0"],
    [-0, "-0"],
    [81.5, "81.5"],
    [-1e-7, "-1e-7"],
    [1e21, "1e+21"],
    [Number.MAX_SAFE_INTEGER, "9007199254740991"],
  ])("writes %p as %s", (value, plaintext) => {
    expect(numberCodec.encode(value)).toBe(plaintext)
  })

  test("reads back any finite number, -0 included", () => {
    fc.assert(
      fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (value) => {
        expect(numberCodec.decodeText(numberCodec.encode(value))).toBe(value)
      }),
    )
  })

  test.each([2 ** 53, 2 ** 64, -(2 ** 70) / 3, 123456789012345680000])(
    "reads back %p, an integer beyond the safe ones",
    (value) => {
      expect(numberCodec.decodeText(numberCodec.encode(value))).toBe(value)
    },
  )

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "refuses %p",
    (value) => {
      expect(refusal(() => numberCodec.encode(value))).toMatch(/^a finite number, got NaN or an/)
    },
  )

  test.each([
    ["81.5", "a string"],
    [815n, "a bigint"],
    [new Date(0), "a Date"],
  ])("refuses %p as %s", (value, type) => {
    expect(refusal(() => numberCodec.encode(value))).toBe(`a number, got ${type}`)
  })

  test.each([
    ["1.0", 1],
    ["1e-07", 1e-7],
    ["1E+3", 1000],
    ["-0.0", -0],
    ["007", 7],
    ["1.", 1],
    [".5", 0.5],
    ["9007199254740992", 2 ** 53],
  ])("reads %p as other languages write it", (plaintext, value) => {
    expect(numberCodec.decodeText(plaintext)).toBe(value)
  })

  test.each([
    "0.1000000000000000055",
    "0.30000000000000001",
    "12345678.901234567890123",
    "1e-400",
    "-9007199254740992.5",
  ])("refuses to round %s", (plaintext) => {
    expect(refusal(() => numberCodec.decodeText(plaintext))).toBe(
      'a decimal that a number holds; use the codec "string"',
    )
  })

  test("reads a decimal exactly if its digits are those it would write", () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
        fc.nat(25),
        (digits, scale) => {
          const text = `${digits < 0n ? "-" : ""}${placed(digits < 0n ? -digits : digits, scale)}`
          const isHeld = sameDecimal(digits, scale, Number(text))

          if (isHeld) expect(numberCodec.decodeText(text)).toBe(Number(text))
          else expect(() => numberCodec.decodeText(text)).toThrow(CodecRefusal)
        },
      ),
    )
  })

  test.each([
    ["1.50", 1.5],
    ["100.0", 100],
    ["0.000", 0],
    ["0.0010e3", 1],
    ["18014398509481984.00", 2 ** 54],
  ])("reads %s, whose zeros say nothing", (plaintext, value) => {
    expect(numberCodec.decodeText(plaintext)).toBe(value)
  })

  test.each(["", " 1", "1 ", "1\n", "0x10", "0b1", "1_000", "1,5", "+1", "nan", "inf", "Infinity"])(
    "refuses to read %j",
    (plaintext) => {
      expect(refusal(() => numberCodec.decodeText(plaintext))).toBe("a number in decimal")
    },
  )

  test("refuses to read what overflows", () => {
    expect(refusal(() => numberCodec.decodeText("1e400"))).toBe("a number in decimal")
  })

  test.each(["9007199254740993", "-18446744073709551615"])(
    "refuses to round %s, which a number does not hold",
    (plaintext) => {
      expect(refusal(() => numberCodec.decodeText(plaintext))).toMatch(/use the codec "bigint"$/)
    },
  )

  test("counts 0 and -0 as equal", () => {
    expect(numberCodec.canonical?.(-0)).toBe(numberCodec.canonical?.(0))
  })
})

describe("the bigint codec", () => {
  test("reads back any bigint", () => {
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        expect(bigintCodec.decodeText(bigintCodec.encode(value))).toBe(value)
      }),
    )
  })

  test.each(["", " 1", "1.0", "1e3", "0x10", "1n", "+1", "--1"])("refuses to read %j", (text) => {
    expect(refusal(() => bigintCodec.decodeText(text))).toBe("a whole number in decimal")
  })

  test.each([
    [7, "a number"],
    ["7", "a string"],
  ])("refuses %p as %s", (value, type) => {
    expect(refusal(() => bigintCodec.encode(value))).toBe(`a bigint, got ${type}`)
  })
})

describe("the boolean codec", () => {
  test.each([true, false])("reads back %p", (value) => {
    expect(booleanCodec.encode(value)).toBe(String(value))
    expect(booleanCodec.decodeText(String(value))).toBe(value)
  })

  test.each(["True", "1", "0", "", "t", "true ", "yes"])("refuses to read %j", (plaintext) => {
    expect(refusal(() => booleanCodec.decodeText(plaintext))).toBe("true or false")
  })

  test.each([
    [0, "a number"],
    ["false", "a string"],
  ])("refuses %p as %s", (value, type) => {
    expect(refusal(() => booleanCodec.encode(value))).toBe(`a boolean, got ${type}`)
  })
})
