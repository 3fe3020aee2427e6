import { type OptionNames, unknownOptions } from "../unknown-options"

/** What `@EncryptedColumn({ cached })` takes. */
export interface SealedCacheOptions {
  /** How long the plaintext of a cell is kept after it was decrypted, in seconds; at most a day. */
  readonly seconds: number
  /** Cells of the column whose plaintexts are kept at most, those that were asked for last. Defaults to 1,000. */
  readonly entries?: number
}

const optionNames: OptionNames<SealedCacheOptions> = { seconds: true, entries: true }

const LONGEST = 86_400
const MOST_ENTRIES = 1_000_000

/** Returns what is wrong with the options, each worded to follow the column's name. */
export function sealedCacheMisuse(options: unknown): readonly string[] {
  if (options === undefined) return []
  if (typeof options !== "object" || options === null) {
    return ["has a cached option that is no options, as in { seconds: 30 }"]
  }
  const { seconds, entries = 1 } = options as Readonly<Record<string, unknown>>
  const isTime = typeof seconds === "number" && seconds > 0 && seconds <= LONGEST
  const isBound =
    typeof entries === "number" &&
    Number.isInteger(entries) &&
    entries > 0 &&
    entries <= MOST_ENTRIES
  return [
    ...unknownOptions(options, optionNames).map(
      (problem) => `has a cached option with an ${problem}`,
    ),
    ...(isTime ? [] : [`is cached for seconds that are no number above 0, at most ${LONGEST}`]),
    ...(isBound
      ? []
      : [`is cached with entries that are no whole number from 1 to ${MOST_ENTRIES}`]),
  ]
}
