import type { Normalizer } from "../column/blind-index"
import { EncryptionError } from "../errors"
import type { Keyring } from "../fernet/keyring"
import type { Plaintext } from "../fernet/plaintext"
import { MadeAhead } from "../made-ahead"
import { BlindIndexer } from "./blind-indexer"
import { BlindIndexRefusal } from "./blind-index-refusal"
import { type BlindIndexDefinition, companionProperty, isTruncated } from "./blind-index-definition"
import { toTextFunction } from "./normalize"
import type { LegacyCell, LongList } from "./predicate"

/** One encrypted property that an index covers. */
export interface IndexMember {
  /** The property, as `Entity.property`. */
  readonly property: string
  /** Its path in the entity. */
  readonly path: string
  /** Whether cells that are still in plaintext are searched as well. */
  readonly plaintextAllowed: boolean
  /** Whether the database must be told to compare these cells byte by byte. Defaults to `false`. */
  readonly castsToBytes?: boolean
  /** Gives the SQL that a cell is to be taken for a token. Defaults to that it begins as one. */
  readonly isToken?: ((cell: string) => string) | undefined
  /** How the database takes a list of many texts. Defaults to a parameter for each. */
  readonly longList?: LongList | undefined
  /** Returns the plaintext of a value, the same for values that count as equal. */
  readonly plaintextOf: (value: unknown) => string | Uint8Array
}

/** A blind index and the properties it covers. */
export interface CoveringDefinition extends BlindIndexDefinition {
  readonly members: readonly [IndexMember, ...IndexMember[]]
}

/** A blind index of one DataSource: what is stored in its companion column, and what is sought. */
export class BlindIndex {
  /** The database name of the companion column. */
  readonly name: string
  /** The property path of the companion column. */
  readonly path: string
  readonly members: readonly [IndexMember, ...IndexMember[]]
  readonly unique: boolean
  /** Bits of its digests. */
  readonly bits: number
  /** Whether different values may share an index value, by design. */
  readonly truncated: boolean
  readonly #definition: CoveringDefinition
  readonly #keyring: () => Keyring
  readonly #indexers = new WeakMap<Keyring, BlindIndexer>()
  readonly #ahead = new MadeAhead<BlindIndexer, readonly unknown[], string>()

  /** @param keyring - the ring at work, asked for each digest */
  constructor(definition: CoveringDefinition, keyring: () => Keyring) {
    this.name = definition.name
    this.path = companionProperty(definition.name)
    this.members = definition.members
    this.unique = definition.unique
    this.bits = definition.bits
    this.truncated = isTruncated(definition)
    this.#definition = definition
    this.#keyring = keyring
  }

  /**
   * Returns what the companion column holds for the values of a row, one for each member.
   *
   * @throws {@link EncryptionError} `ERR_INVALID_VALUE` for a value that cannot be indexed
   */
  stored(values: readonly unknown[]): string {
    const ahead = this.#ahead.take(
      () => this.#indexer(),
      (row) => row?.every((value, i) => Object.is(value, values[i])) === true,
    )
    return ahead ?? this.#indexed(values, (indexer, plaintexts) => indexer.stored(plaintexts))
  }

  /** Has what {@link stored} is asked for next made together, in this order. */
  storeAhead(rows: readonly (readonly unknown[])[]): void {
    const made = this.storedMany(rows)
    const isMade = made.map((digest) => digest !== undefined)
    this.#ahead.begin(
      this.#indexer(),
      rows.filter((_, i) => isMade[i]),
      made.filter((digest) => digest !== undefined),
    )
  }

  /** Forgets what was made ahead and not asked for. */
  forgetAhead(): void {
    this.#ahead.forget()
  }

  /**
   * Returns what {@link stored} returns for the values of many rows, in less time than one by one. For
   * what it throws for that is `undefined`, and for all if the index is slow.
   */
  storedMany(rows: readonly (readonly unknown[])[]): readonly (string | undefined)[] {
    const plaintexts = rows.map((values) => this.#plaintextsUnlessRefused(values))
    const digests = this.#indexer().storedMany(plaintexts.filter((one) => one !== undefined))
    let next = 0
    return plaintexts.map((one) => one && digests[next++])
  }

  /** Returns the digest of values that is not truncated, to compare what a truncated index found. */
  exact(values: readonly unknown[]): string {
    return this.#indexed(values, (indexer, plaintexts) => indexer.exact(plaintexts))
  }

  /** Returns what the companion column may hold for the values, under any of the keys. */
  searched(values: readonly unknown[]): readonly string[] {
    return this.#indexed(values, (indexer, plaintexts) => indexer.searched(plaintexts))
  }

  /** Returns what the companion column may hold for any of several lists of values. */
  searchedAny(alternatives: readonly (readonly unknown[])[]): readonly string[] {
    const [only, ...others] = alternatives
    if (only && others.length === 0) return this.searched(only)
    return [...new Set(alternatives.flatMap((values) => this.searched(values)))]
  }

  /** Whether texts count as equal where they do in another index. */
  equatesAs(other: BlindIndex): boolean {
    const [own, others] = [this.#definition.normalize, other.#definition.normalize]
    return own.length === others.length && own.every((one, i) => one === others[i])
  }

  /** Whether different values have different index values, and only these. */
  get distinguishes(): boolean {
    return !this.truncated && this.#definition.normalize.length === 0
  }

  /** How the database takes a list of many texts. */
  get longList(): LongList | undefined {
    return this.members[0].longList
  }

  /** Whether rows that are still in plaintext are searched as well. */
  get searchesPlaintext(): boolean {
    return this.members.every(({ plaintextAllowed }) => plaintextAllowed)
  }

  /**
   * Returns how the cell of a member looks where it has one of several values and was written before
   * it was encrypted.
   */
  legacyCell(
    { path, plaintextOf, isToken, castsToBytes = false, longList }: IndexMember,
    values: readonly unknown[],
  ): LegacyCell {
    const normalize = toTextFunction(this.#definition.normalize)
    const texts = values.flatMap((value) => {
      const plaintext = plaintextOf(value)
      const text = typeof plaintext === "string" ? plaintext : Buffer.from(plaintext).toString()
      return [text, normalize(text)]
    })
    const functions = sqlFunctions(this.#definition.normalize)
    return { path, texts: [...new Set(texts)], functions, castsToBytes, isToken, longList }
  }

  /** Deriving the keys of an index takes as long as many digests. */
  #indexer(): BlindIndexer {
    const keyring = this.#keyring()
    const known = this.#indexers.get(keyring)
    if (known) return known
    const indexer = new BlindIndexer(this.#definition, keyring)
    this.#indexers.set(keyring, indexer)
    return indexer
  }

  #plaintextsOf(values: readonly unknown[]): readonly Plaintext[] {
    return this.members.map(({ plaintextOf }, i) => plaintextOf(values[i]))
  }

  #plaintextsUnlessRefused(values: readonly unknown[]): readonly Plaintext[] | undefined {
    try {
      return this.#plaintextsOf(values)
    } catch {
      return undefined
    }
  }

  #indexed<Result>(
    values: readonly unknown[],
    digest: (indexer: BlindIndexer, plaintexts: readonly Plaintext[]) => Result,
  ): Result {
    const plaintexts = this.#plaintextsOf(values)
    const indexer = this.#indexer()
    try {
      return digest(indexer, plaintexts)
    } catch (error) {
      if (!(error instanceof BlindIndexRefusal)) throw error
      const properties = this.members.map(({ property }) => property).join(", ")
      throw new EncryptionError("ERR_INVALID_VALUE", `${properties}: ${error.message}.`)
    }
  }
}

const SQL_FUNCTIONS: Partial<Record<string, string>> = {
  lowercase: "LOWER",
  trim: "TRIM",
  uppercase: "UPPER",
}

/** What SQL can do of a normalization: all of it, or else nothing. */
function sqlFunctions(normalize: readonly Normalizer[]): readonly string[] {
  const functions = normalize.map((one) => SQL_FUNCTIONS[String(one)])
  return functions.every((one) => one !== undefined) ? functions : []
}
