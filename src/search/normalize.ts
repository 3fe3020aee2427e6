import type { Normalizer } from "../column/blind-index"
import { BlindIndexRefusal } from "./blind-index-refusal"

/** Turns one text into another, always the same. */
export type TextFunction = (text: string) => string

const builtIn: Readonly<Record<Exclude<Normalizer, TextFunction>, TextFunction>> = {
  digits: (text) => text.replaceAll(/\P{Nd}/gu, "").replaceAll(/[^0-9]/gu, asciiDigit),
  lowercase: (text) => text.toLowerCase(),
  nfkc: (text) => text.normalize("NFKC"),
  trim: (text) => text.trim(),
  uppercase: (text) => text.toUpperCase(),
}

/** The names of the built-in normalizers. */
export const normalizerNames: readonly string[] = Object.keys(builtIn)

/** Says whether a value is a normalizer. */
export function isNormalizer(value: unknown): value is Normalizer {
  return typeof value === "function" || (typeof value === "string" && Object.hasOwn(builtIn, value))
}

/**
 * Returns one function that applies normalizers in the order given.
 *
 * It throws a {@link BlindIndexRefusal} if a function of the caller's fails, returns no string, or
 * returns half a surrogate pair.
 */
export function toTextFunction(normalize: Normalizer | readonly Normalizer[]): TextFunction {
  const normalizers: readonly Normalizer[] =
    typeof normalize === "string" || typeof normalize === "function" ? [normalize] : normalize
  const steps = normalizers.map((normalizer, index) =>
    typeof normalizer === "string"
      ? builtIn[normalizer]
      : guarded(normalizer, `normalizer ${index + 1} of ${normalizers.length}`),
  )
  return (text) => steps.reduce((current, step) => step(current), text)
}

/** A function of the caller's, whose errors may quote the text and whose type nothing guarantees. */
function guarded(normalizer: TextFunction, name: string): TextFunction {
  return (text) => {
    let normalized: unknown
    try {
      normalized = normalizer(text)
    } catch {
      throw new BlindIndexRefusal(`${name} threw an error`)
    }
    if (typeof normalized !== "string") {
      throw new BlindIndexRefusal(`${name} must return a string, and not a promise of one`)
    }
    if (!normalized.isWellFormed()) {
      throw new BlindIndexRefusal(`${name} returned text with a lone surrogate`)
    }
    return normalized
  }
}

/** Unicode keeps the digits 0 to 9 of a script in one run, and runs next to each other whole. */
function asciiDigit(digit: string): string {
  const codePoint = Number(digit.codePointAt(0))
  let before = 0
  while (/\p{Nd}/u.test(String.fromCodePoint(codePoint - before - 1))) before++
  return String(before % 10)
}
