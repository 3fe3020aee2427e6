import { isUint8Array } from "node:util/types"

import type { Keyring } from "../fernet/keyring"
import { tagsOf } from "../fernet/tags-of"
import type { TokenMac } from "../fernet/token-mac"
import type { BlindIndexDefinition } from "./blind-index-definition"
import { blindIndexMisuse } from "./blind-index-misuse"
import { BlindIndexRefusal } from "./blind-index-refusal"
import { messageOf, withMessage } from "./index-message"
import { type TextFunction, toTextFunction } from "./normalize"
import { type Stretch, stretchBy } from "./slow-index"

/** Names the purpose of the derived keys, and the version of everything that decides a digest. */
const PURPOSE = "typeorm-fernet/blind-index/v1/"

/** One value, or the values of a compound index in their declared order. */
export type IndexedValues = readonly (string | Uint8Array)[]

/**
 * Computes the digests of one blind index: HMAC-SHA-256 of a plaintext under a key that is derived
 * from the context and each key of a keyring, truncated to a number of bits, in lowercase
 * hexadecimal. SECURITY.md publishes the formula and test vectors.
 *
 * Every method takes as many values as the index has properties, text or bytes, and throws a
 * {@link BlindIndexRefusal} for what it cannot index.
 */
export class BlindIndexer {
  readonly #macs: readonly [TokenMac, ...TokenMac[]]
  readonly #normalize: TextFunction
  readonly #bits: number
  readonly #stretch: Stretch | undefined

  /** @throws TypeError if the definition is of no use; ask `blindIndexMisuse` first */
  constructor(
    definition: Pick<BlindIndexDefinition, "bits" | "context" | "normalize" | "slow">,
    keyring: Keyring,
  ) {
    for (const misuse of blindIndexMisuse(definition)) {
      throw new TypeError(`A blind index ${misuse}.`)
    }
    const { context, normalize, bits, slow } = definition
    this.#macs = keyring.deriveMacs(PURPOSE + context)
    this.#normalize = toTextFunction(normalize)
    this.#bits = bits
    this.#stretch = slow === undefined ? undefined : stretchBy(slow)
  }

  /** Returns the digest to store: the one under the first key. */
  stored(values: IndexedValues): string {
    return withMessage(this.#prepare(values), (message) => this.#digest(this.#macs[0], message))
  }

  /**
   * Returns what {@link stored} returns for many lists of values, in less time than one by one. For
   * what it refuses, and for all that a slow index would take long for, that is `undefined`.
   */
  storedMany(lists: readonly IndexedValues[]): readonly (string | undefined)[] {
    if (this.#stretch) return lists.map(() => undefined)
    const prepared = lists.map((values) => this.#prepareUnlessRefused(values))
    const messages = prepared.flatMap((values) => (values ? [messageOf(values)] : []))
    try {
      const digests = tagsOf(this.#macs[0], messages)
      let next = 0
      return prepared.map((values) => values && truncate(digests[next++] ?? "", this.#bits))
    } finally {
      for (const message of messages) if (typeof message !== "string") message.fill(0)
    }
  }

  /** Returns the digests to search for: one under each key, the first key's first, none twice. */
  searched(values: IndexedValues): readonly string[] {
    return withMessage(this.#prepare(values), (message) => [
      ...new Set(this.#macs.map((mac) => this.#digest(mac, message))),
    ])
  }

  /**
   * Returns a digest that is not truncated, whatever `bits` says. Values match if theirs are the
   * same: to compare what a truncated index found with what was searched for. Not to be stored.
   */
  exact(values: IndexedValues): string {
    return withMessage(this.#prepare(values), (message) => this.#macs[0].tagOf(message, "hex"))
  }

  #digest(mac: TokenMac, message: Buffer): string {
    const digest = this.#stretch?.(mac, message) ?? mac.tagOf(message, "hex")
    return truncate(digest, this.#bits)
  }

  /** Runs the caller's code, all of it, before anything is laid out. */
  #prepare(values: IndexedValues): IndexedValues {
    if (values.length === 0) throw new BlindIndexRefusal("there is no value to index")
    return values.map((value) => {
      if (typeof value !== "string") {
        if (isUint8Array(value)) return new Uint8Array(value)
        throw new BlindIndexRefusal("a blind index takes text or bytes only")
      }
      if (!value.isWellFormed()) {
        throw new BlindIndexRefusal("text with a lone surrogate has no UTF-8 form to index")
      }
      return this.#normalize(value)
    })
  }

  #prepareUnlessRefused(values: IndexedValues): IndexedValues | undefined {
    try {
      return this.#prepare(values)
    } catch (error) {
      if (error instanceof BlindIndexRefusal) return undefined
      throw error
    }
  }
}

/** Keeps the first bits, in as few digits as hold them; what is left over of the last digit is 0. */
function truncate(digest: string, bits: number): string {
  const whole = Math.floor(bits / 4)
  const spare = (4 - (bits % 4)) % 4
  if (spare === 0) return digest.slice(0, whole)
  const last = (parseInt(digest.charAt(whole), 16) >> spare) << spare
  return digest.slice(0, whole) + last.toString(16)
}
