import { isDate } from "node:util/types"

import { CodecRefusal, type TextCodec } from "./codec"
import { describeType } from "./describe-type"

/** Text as it is, in UTF-8. */
export const stringCodec: TextCodec = {
  encode(value: unknown): string {
    if (typeof value !== "string") throw new CodecRefusal(`a string, got ${describeType(value)}`)
    // UTF-8 has no form for half a surrogate pair; writing it would store another string.
    if (!value.isWellFormed()) {
      throw new CodecRefusal("well-formed text, got a string with a lone surrogate")
    }
    return value
  },
  decodeText: (plaintext: string): unknown => plaintext,
}

const DECIMAL = /^-?(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d+))?$/
const INTEGER = /^-?\d+$/

/**
 * A finite number in decimal, as JavaScript and JSON write it. `NaN` and the infinities have no
 * decimal form and are refused. A decimal that a number cannot hold, which would be rounded and then
 * written so, is refused on reading.
 */
export const numberCodec: TextCodec = {
  encode(value: unknown): string {
    if (typeof value !== "number") throw new CodecRefusal(`a number, got ${describeType(value)}`)
    if (!Number.isFinite(value)) {
      throw new CodecRefusal("a finite number, got NaN or an infinity; use null for “no number”")
    }
    return Object.is(value, -0) ? "-0" : String(value)
  },
  decodeText(plaintext: string): unknown {
    const value = DECIMAL.test(plaintext) ? Number(plaintext) : Number.NaN
    if (!Number.isFinite(value)) throw new CodecRefusal("a number in decimal")
    const isHeld = plaintext === String(value) || isSameDecimal(plaintext, value)
    if (isHeld) return value
    throw INTEGER.test(plaintext)
      ? new CodecRefusal('an integer that a number holds exactly; use the codec "bigint"')
      : new CodecRefusal('a decimal that a number holds; use the codec "string"')
  },
  // The column would not be plain if writing 0 over -0 were an update
  canonical: (value: unknown): string => numberCodec.encode(value === 0 ? 0 : value),
}

/** Whether a decimal says no more than the number that was read from it. */
function isSameDecimal(decimal: string, value: number): boolean {
  // Above 2 ** 53 String() writes the shortest decimal that rounds to the number, not its digits
  if (INTEGER.test(decimal) && BigInt(decimal) === BigInt(value)) return true
  return significantDigits(decimal) === significantDigits(String(value))
}

/** The digits of a decimal without zeros at its ends, and the power of ten of the last. */
function significantDigits(decimal: string): string {
  const [, whole = "", fraction = "", only = "", exponent = "0"] = DECIMAL.exec(decimal) ?? []
  const places = fraction + only
  const digits = `${whole}${places}`.replace(/^0+/, "")
  let end = digits.length
  while (digits.charAt(end - 1) === "0") end--
  if (end === 0) return "0"
  return `${digits.slice(0, end)}e${Number(exponent) - places.length + digits.length - end}`
}

/** A whole number of any size in decimal. */
export const bigintCodec: TextCodec = {
  encode(value: unknown): string {
    if (typeof value !== "bigint") throw new CodecRefusal(`a bigint, got ${describeType(value)}`)
    return String(value)
  },
  decodeText(plaintext: string): unknown {
    if (!INTEGER.test(plaintext)) throw new CodecRefusal("a whole number in decimal")
    return BigInt(plaintext)
  },
}

/** `true` or `false`. */
export const booleanCodec: TextCodec = {
  encode(value: unknown): string {
    if (typeof value !== "boolean") throw new CodecRefusal(`a boolean, got ${describeType(value)}`)
    return String(value)
  },
  decodeText(plaintext: string): unknown {
    if (plaintext !== "true" && plaintext !== "false") throw new CodecRefusal("true or false")
    return plaintext === "true"
  },
}

/** A date alone is UTC midnight in ISO 8601's JavaScript profile; a time needs its offset. */
const ISO_8601 =
  /^((?:[+-]\d{6}|\d{4})-\d\d-\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d))?$/

/** A point in time in ISO 8601, written in UTC with milliseconds. */
export const dateCodec: TextCodec = {
  encode(value: unknown): string {
    if (!isDate(value)) throw new CodecRefusal(`a Date, got ${describeType(value)}`)
    if (Number.isNaN(value.getTime())) throw new CodecRefusal("a valid Date, got an invalid one")
    return value.toISOString()
  },
  decodeText(plaintext: string): unknown {
    const [, day] = ISO_8601.exec(plaintext) ?? []
    const value = new Date(day === undefined ? Number.NaN : plaintext.replace(",", "."))
    if (day === undefined || Number.isNaN(value.getTime()) || !isOnCalendar(day)) {
      throw new CodecRefusal("a date and time in ISO 8601 with its offset from UTC")
    }
    return value
  },
}

/** JavaScript reads 30 February as 1 March. */
function isOnCalendar(day: string): boolean {
  return new Date(day).toISOString().includes(`${day.slice(-"-MM-DD".length)}T`)
}
