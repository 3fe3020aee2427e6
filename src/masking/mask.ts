import { isSealed } from "../column/sealed"
import { type OptionNames, unknownOptions } from "../unknown-options"

/** Options of `mask`. */
export interface MaskOptions {
  /**
   * How many characters, as people count them, are shown at the end of a text or a number: never more
   * than two fifths of it, and none of one that has fewer than eight. Defaults to 4.
   */
  readonly visible?: number
}

const optionNames: OptionNames<MaskOptions> = { visible: true }

/** What `mask` makes of a value: of an object or a list, the same with all that is in it masked. */
export type Masked =
  string | null | undefined | readonly Masked[] | { readonly [name: string]: Masked }

/** In place of what is not shown, however long it is. */
const HIDDEN = "****"

/** Characters below which nothing of a text is shown. */
const FEWEST = 8
/** Code units above which a text is a document, of which nothing is shown. */
const LONGEST = 1024
/** Objects inside of objects beyond which nothing is shown. */
const DEEPEST = 50

/** What would break a line of a log, or turn its direction. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u

let segmenter: Intl.Segmenter | undefined

/**
 * Returns a value with all but its end hidden, to be shown or logged: `****1120`. How long the value is
 * cannot be seen. Of an e-mail address its first letter and its ending are shown, as in
 * `a****@****.com`; of dates, booleans and bytes nothing; objects and lists keep their form, and the
 * names of properties. `null` and `undefined` stay. A sealed value stays sealed.
 *
 * Not a way to keep values apart, nor to keep them secret from who may ask often: two values may look
 * alike, and the end of a number says something of it.
 *
 * @throws TypeError if an option is unknown
 * @throws RangeError if `visible` is no whole number, 0 or more
 *
 * @example
 * ```ts
 * mask("4242 4242 4242 4242") // "****4242"
 * mask(patient, { visible: 2 })
 * ```
 */
export function mask(
  value: bigint | boolean | Date | number | string | Uint8Array,
  options?: MaskOptions,
): string
export function mask(value: unknown, options?: MaskOptions): Masked
export function mask(value: unknown, options: MaskOptions = {}): Masked {
  for (const option of unknownOptions(options, optionNames)) {
    throw new TypeError(`mask() was given an ${option}.`)
  }
  const { visible = 4 } = options
  if (!Number.isSafeInteger(visible) || visible < 0) {
    throw new RangeError("visible must be a whole number, 0 or more.")
  }
  return new Masking(visible).of(value)
}

class Masking {
  readonly #visible: number
  /** What is made of each object, and of one inside of itself. */
  readonly #made = new Map<object, Masked>()
  #depth = 0

  constructor(visible: number) {
    this.#visible = visible
  }

  of(value: unknown): Masked {
    if (value === null || value === undefined) return value
    switch (typeof value) {
      case "string":
        return this.#text(value)
      case "bigint":
      case "number":
        return this.#text(String(value))
      case "object":
        return this.#object(value)
      default:
        return HIDDEN
    }
  }

  #object(value: object): Masked {
    if (this.#made.has(value)) return this.#made.get(value)
    this.#made.set(value, HIDDEN)
    if (this.#depth === DEEPEST) return HIDDEN
    this.#depth++
    const masked = this.#contents(value)
    this.#depth--
    this.#made.set(value, masked)
    return masked
  }

  #contents(value: object): Masked {
    if (isSealed(value)) return value.toString()
    if (Array.isArray(value)) return value.map((one: unknown) => this.of(one))
    // Dates, bytes, collections, and whatever else is no record
    if (Object.prototype.toString.call(value) !== "[object Object]") return HIDDEN
    const properties = Object.entries(Object.getOwnPropertyDescriptors(value))
    return Object.fromEntries(
      properties
        .filter(([, { enumerable }]) => enumerable)
        // A getter may do anything, and load a relation
        .map(([name, property]) => [name, "value" in property ? this.of(property.value) : HIDDEN]),
    )
  }

  #text(text: string): string {
    if (this.#visible === 0 || text.length < FEWEST || text.length > LONGEST) return HIDDEN
    if (!text.isWellFormed()) return HIDDEN
    const letters = graphemesOf(text)
    if (letters.length < FEWEST) return HIDDEN
    const most = Math.floor((2 * letters.length) / 5)
    const masked = maskAddress(text, most) ?? maskStart(letters, Math.min(this.#visible, most))
    return UNPRINTABLE.test(masked) ? HIDDEN : masked
  }
}

function maskStart(letters: readonly string[], shown: number): string {
  return HIDDEN + letters.slice(-shown).join("")
}

/** Masks an e-mail address, of which some letters may be shown; `undefined` for any other text. */
function maskAddress(text: string, most: number): string | undefined {
  const [name = "", domain = "", ...more] = text.split("@")
  const dot = domain.lastIndexOf(".")
  if (more.length > 0 || name === "" || dot < 1 || /\s/.test(text)) return undefined
  const ending = /^\.[a-z]{2,6}$/i.test(domain.slice(dot)) ? domain.slice(dot) : ""
  const letters = graphemesOf(name)
  if (ending.length > most) return `${HIDDEN}@${HIDDEN}`
  const first = letters.length >= 4 && ending.length < most ? letters[0] : undefined
  return `${first ?? ""}${HIDDEN}@${HIDDEN}${ending}`
}

function graphemesOf(text: string): readonly string[] {
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" })
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}
