import { speltType } from "./conversion"

/** The bits of a signed integer, by how the databases call it. */
const INTEGER_BITS: readonly (readonly [RegExp, bigint])[] = [
  [/^tinyint\b/, 8n],
  [/^(?:smallint|int2)\b/, 16n],
  [/^mediumint\b/, 24n],
  [/^(?:int|integer|int4)\b/, 32n],
  [/^(?:bigint|int8)\b/, 64n],
]

/**
 * Returns what says whether a text fits into a type of a database whole, before it is written: a text
 * into its length, a number into its size and places. Of other types, only the database itself knows:
 * for them returns `undefined`.
 *
 * @param type - as in a column's definition
 */
export function fitsType(type: string): ((text: string) => boolean) | undefined {
  const spelt = speltType(type)
  const [, length] = /^(?:n?var)?char(?:acter)?(?: varying)?\((\d+)\)/.exec(spelt) ?? []
  // The databases count characters, and JavaScript halves of some
  if (length !== undefined) return (text) => Array.from(text).length <= Number(length)
  const [, precision, scale = "0"] = /^(?:numeric|decimal)\((\d+)(?:,(\d+))?\)/.exec(spelt) ?? []
  if (precision !== undefined) return fitsPlaces(Number(precision) - Number(scale), Number(scale))
  const [, bits] = INTEGER_BITS.find(([types]) => types.test(spelt)) ?? []
  if (/^(?:tiny|medium|long)?text$/.test(spelt)) return () => true
  return bits === undefined ? undefined : fitsInteger(bits, spelt)
}

function fitsPlaces(whole: number, places: number): (text: string) => boolean {
  return (text) => {
    const [, digits, fraction = ""] = /^-?0*(\d*)(?:\.(\d*?)0*)?$/.exec(text) ?? []
    // What is written with an exponent the database reads; it compares again when all is plaintext
    if (digits === undefined) return /^-?[\d.]+e[+-]?\d+$/i.test(text)
    return digits.length <= whole && fraction.length <= places
  }
}

function fitsInteger(bits: bigint, type: string): (text: string) => boolean {
  const isUnsigned = /\bunsigned\b/.test(type)
  const [least, end] = isUnsigned ? [0n, 2n ** bits] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n)]
  const isBoolean = type.startsWith("tinyint(1)")
  return (text) => {
    if (isBoolean && (text === "true" || text === "false")) return true
    return /^-?\d{1,20}$/.test(text) && BigInt(text) >= least && BigInt(text) < end
  }
}
