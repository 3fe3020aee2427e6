import { isUint8Array } from "node:util/types"

import type { ColumnOptions, ValueTransformer } from "typeorm"

import type { Codec, TextCodec } from "../../column/codec"
import type { ColumnKey } from "../../column/column-key"
import { type EncryptedColumnDeclaration, paddingOf } from "../../column/declaration"
import type { Padding } from "../../column/padding"
import type { LeafPath } from "../../column/documents/json-path"
import { type PlaintextPhase, readsPlaintext, writesPlaintext } from "../../column/phase"
import { isSealed } from "../../column/sealed"
import { type DecryptionError, EncryptionError } from "../../errors"
import type { Keyring } from "../../fernet/keyring"
import { isFresh } from "../../fernet/token-age"
import { mayBeToken, statedTimestamp, tokenShape } from "../../fernet/token-format"
import { CANARY, CANARY_TOKEN } from "../canary-value"
import { codecOf, describeDecodingFailure, encodeValue, invalidValue, unsealed } from "./cell-codec"
import { ColumnRings } from "./column-rings"
import type { ColumnScheme } from "./column-scheme"
import { operandOfCompared, operandOfStored } from "./compared-value"
import { comparisonOperand, operandMark } from "./comparison-operand"
import { areReadsTold } from "../events/channels"
import { countingRead } from "../events/tally"
import type { KeyResolver } from "../keys/key-resolver"
import {
  isAnswerable,
  isFindOperator,
  unindexed,
  unsupportedCondition,
} from "../queries/query-rules"
import type { PlaintextsAhead, ReadingAhead } from "./read-ahead"
import { sealCell, type SealedColumn } from "./sealed-cell"
import { sealedColumn } from "./sealed-column"
import { valueToStore } from "./value-to-store"
import { SealedComparison } from "./sealed-comparison"
import {
  isDecryptionError,
  isInvalidToken,
  unreadable,
  UnencryptedCells,
} from "./unencrypted-cells"
import { WriteAhead } from "./write-ahead"

/**
 * An encrypted column of one DataSource. Three roles, kept apart because TypeORM calls `to` for
 * more than writing: `cellOf` makes the cell, `from` reads it for an entity, and `read` for all else,
 * `to` gives an operand to compare.
 */
export class BoundColumn implements ValueTransformer {
  /** By this mark a second copy of the package recognises the columns of the first. */
  readonly "@typeorm-fernet/bound" = true
  readonly property: string
  /** The parts of a document that are encrypted; none where the whole value is. */
  readonly paths: readonly LeafPath[] = []
  readonly #scheme: ColumnScheme
  readonly #mark: string
  readonly #codec: Codec | TextCodec
  readonly #padding: Padding | undefined
  readonly #rings: ColumnRings
  readonly #unencrypted: UnencryptedCells
  readonly #ahead: PlaintextsAhead | undefined
  readonly #written = new WriteAhead()
  /** How its cells are opened later, and compared meanwhile, if it is sealed. */
  readonly #sealed: { column: SealedColumn; comparison: SealedComparison } | undefined

  constructor(scheme: ColumnScheme, keys: KeyResolver, readAhead?: ReadingAhead) {
    this.property = scheme.property
    this.#scheme = scheme
    this.#mark = operandMark(scheme.property)
    this.#codec = codecOf(scheme.declaration)
    this.#padding = paddingOf(scheme.declaration.padTo, this.#codec)
    this.#rings = new ColumnRings(scheme.property, keys, scheme.columnKey)
    if (scheme.columnKey) scheme.family?.add(this.#rings)
    const { property, phase, declaration } = scheme
    this.#unencrypted = new UnencryptedCells(property, phase, declaration, this.#codec)
    if (declaration.sealed) {
      const read = (cell: unknown): unknown => this.read(cell)
      const column = sealedColumn({ ...scheme, codec: this.#codec, rings: this.#rings, read })
      const plaintextOf = (value: unknown) => this.#canonical(value)
      this.#sealed = { column, comparison: new SealedComparison(column, this.#mark, plaintextOf) }
      return
    }
    const isText = !this.#padding && "decodeText" in this.#codec
    this.#ahead = readAhead?.({
      ringOf: (row) => this.#rings.of(row),
      decrypt: (ring, tokens) =>
        isText ? ring.decryptMany(tokens) : ring.decryptManyToBytes(tokens),
    })
  }

  /** Whether its values are sealed: decrypted when they are asked for, and not when they are read. */
  get isSealed(): boolean {
    return this.#sealed !== undefined
  }

  /** The zone of timestamps without one, in which the application wrote them. */
  get timestampZone(): string | undefined {
    return this.#scheme.timestampZone
  }

  /** The keys of the column's own, if it has any. */
  get columnKey(): ColumnKey | undefined {
    return this.#scheme.columnKey
  }

  /** What was declared on the column. */
  get declaration(): EncryptedColumnDeclaration {
    return this.#scheme.declaration
  }

  /** The fingerprint of the key that encrypts. @throws {@link KeyError} if there is none */
  get writingKey(): string {
    return this.#rings.of().fingerprints[0] ?? ""
  }

  /** What is made of cells that are no tokens. */
  get phase(): PlaintextPhase {
    return this.#scheme.phase
  }

  /** Whether cells are read that others encrypted, which nothing compares with a value. */
  get readsLegacy(): boolean {
    const { declaration, phase } = this.#scheme
    return declaration.legacy !== undefined && readsPlaintext(phase)
  }

  /**
   * Returns the cell to store for a value: a token, unless the column is in a phase that still writes
   * what the releases before read. `null` and `undefined` are returned as they are.
   *
   * @throws {@link EncryptionError} `ERR_INVALID_VALUE` if the column cannot hold the value,
   * `ERR_ALREADY_ENCRYPTED` if it is a token of this keyring
   * @throws {@link KeyError} if there is no key
   */
  cellOf(given: unknown): string | null | undefined {
    if (!writesPlaintext(this.#scheme.phase)) return this.encrypt(given)
    if (given === null || given === undefined) return given
    const value = this.#valueOf(given)
    return this.#unencrypted.write(value, this.#rings.of().sharedRing())
  }

  /**
   * Returns the token of a value; `null` and `undefined` are returned as they are.
   *
   * @throws {@link EncryptionError} `ERR_INVALID_VALUE` if the column cannot hold the value,
   * `ERR_ALREADY_ENCRYPTED` if it is a token of this keyring
   * @throws {@link KeyError} if there is no key
   */
  encrypt(given: unknown): string | null | undefined {
    if (given === null || given === undefined) return given
    const ring = this.#rings.of()
    const token = this.#written.take(given, ring) ?? ring.encrypt(this.#plaintextFor(given))
    const limit = this.#scheme.tokenLimit
    if (limit !== undefined && token.length > limit) {
      throw invalidValue(
        this.property,
        `the token of this value has ${token.length} characters and the column holds ${limit}; ` +
          "use a wider column type",
      )
    }
    return token
  }

  /**
   * Encrypts values together for which {@link cellOf} is asked next, in this order. It is as it would be
   * without, and faster.
   */
  encryptAhead(values: readonly unknown[]): void {
    if (writesPlaintext(this.#scheme.phase)) return
    const plaintextOf = (value: unknown) => this.#plaintextFor(value)
    this.#written.begin(values, () => this.#rings.of(), plaintextOf)
  }

  /** Forgets what was encrypted ahead and not asked for. */
  forgetAhead(): void {
    this.#written.forget()
  }

  /**
   * Returns what the application is given for a cell: the cell sealed, or its value, which is counted.
   *
   * @throws {@link DecryptionError} if the cell is to be read, and cannot be
   * @throws {@link KeyError} if there is no key
   */
  given(cell: unknown): unknown {
    const isCell = cell !== null && cell !== undefined && cell !== CANARY_TOKEN
    if (this.#sealed && isCell) {
      // Without keys, or for no tenant, nothing is read
      this.#rings.of()
      return sealCell(this.#sealed.column, cell)
    }
    if (!isCell || !areReadsTold()) return this.read(cell)
    return countingRead(this.property, () => this.read(cell))
  }

  /** As {@link given}, for a property of an entity: what that is to hold in place of an unreadable cell. */
  from(cell: unknown): unknown {
    try {
      return this.given(cell)
    } catch (error) {
      const { resolveUnreadable } = this.#scheme
      if (!resolveUnreadable || !isDecryptionError(error)) throw error
      return resolveUnreadable(error, cell)
    }
  }

  /**
   * Returns the value of a cell; NULL is `null`.
   *
   * @throws {@link DecryptionError} if the cell cannot be read
   * @throws {@link KeyError} if there is no key
   */
  read(cell: unknown): unknown {
    if (cell === null || cell === undefined) return cell
    if (typeof cell !== "string") return this.#readNative(cell)
    // Proves the way from a cell to an entity, also where no keys are at hand
    if (cell === CANARY_TOKEN) return CANARY
    const keyring = this.#rings.of()
    if (!mayBeToken(cell)) return this.#readNoToken(cell, keyring)
    let plaintext: string | Uint8Array
    try {
      plaintext =
        this.#openedAhead(cell, keyring) ?? this.#open(cell, keyring, this.#scheme.declaration.ttl)
    } catch (error) {
      if (isInvalidToken(error)) return this.#readNoToken(cell, keyring)
      throw error
    }
    try {
      return this.#decode(plaintext)
    } catch (error) {
      throw this.#unreadable("malformed", `was decrypted, but ${describeDecodingFailure(error)}`)
    }
  }

  /** Whether a cell is a token under one of the keys of the column. */
  opens(cell: unknown): boolean {
    return typeof cell === "string" && mayBeToken(cell) && this.#rings.opens(cell)
  }

  /** Whether a value is a token under one of the keys of the column's DataSource. */
  isOwnToken(value: unknown): boolean {
    if (typeof value !== "string" || !mayBeToken(value)) return false
    const { family = [] } = this.#scheme
    return [this.#rings, ...family].some((rings) => rings.own(value))
  }

  /** Returns what TypeORM compares in place of the value; the driver seam refuses it as parameter. */
  to(value: unknown): unknown {
    if (value === null || value === undefined) return value
    if (isFindOperator(value)) {
      if (isAnswerable(value)) return value
      throw unsupportedCondition(this.property, unindexed(this.#scheme.declaration))
    }
    if (this.#sealed) return this.#sealed.comparison.of(value)
    return operandOfCompared(this, value) ?? comparisonOperand(this.#mark, this.#canonical(value))
  }

  /** As {@link to}, for the value that is stored, with which the next one will be compared. */
  toStored(value: unknown): unknown {
    if (value === null || value === undefined || isFindOperator(value)) return this.to(value)
    if (this.#sealed) return this.#sealed.comparison.ofStored(value)
    const plaintextOf = (one: unknown) => this.#canonical(one)
    return operandOfStored(this, value, { mark: this.#mark, plaintextOf }) ?? this.to(value)
  }

  /** Whether two values of the property are the same. Sealed ones of one cell are not opened. */
  areSame(one: unknown, other: unknown): boolean {
    if (one === null || other === null) return one === other
    if (this.#sealed) return this.#sealed.comparison.areSame(one, other)
    return this.to(one) === this.to(other)
  }

  /**
   * Returns the plaintext that a blind index is made of, the same for values that count as equal.
   *
   * @throws {@link EncryptionError} `ERR_INVALID_VALUE` if the column cannot hold the value
   */
  plaintextOf(given: unknown): string | Uint8Array {
    const value = unsealed(this.property, given)
    const plaintext = encodeValue(this.property, this.#codec, value)
    if (!this.#codec.canonical) return plaintext
    const canonical = this.#canonical(value)
    if (canonical !== undefined) return canonical
    throw invalidValue(this.property, "its codec's canonical() failed for the value")
  }

  /** A value the codec refuses equals nothing: it counts as changed, and writing it says why. */
  #canonical(given: unknown): string | Uint8Array | undefined {
    try {
      const value = this.#sealed || isSealed(given) ? this.#valueOf(given) : given
      const codec: Codec = this.#codec as Codec
      const form: unknown = codec.canonical ? codec.canonical(value) : codec.encode(value)
      return typeof form === "string" || isUint8Array(form) ? form : undefined
    } catch {
      return undefined
    }
  }

  /** `undefined` for what was not read ahead, and for what is too old, which says so when it is opened alone. */
  #openedAhead(cell: string, keyring: Keyring): string | Uint8Array | undefined {
    const plaintext = this.#ahead?.take(cell, keyring)
    if (plaintext === undefined) return undefined
    const { ttl } = this.#scheme.declaration
    if (ttl !== undefined && !isFresh(statedTimestamp(cell), ttl)) return undefined
    return typeof plaintext === "string" ? plaintext : (this.#padding?.read(plaintext) ?? plaintext)
  }

  #open(cell: string, keyring: Keyring, ttl?: number): string | Uint8Array {
    if (this.#padding) return this.#padding.read(keyring.decrypt(cell, ttl))
    return "decodeText" in this.#codec ? keyring.decryptText(cell, ttl) : keyring.decrypt(cell, ttl)
  }

  #decode(plaintext: string | Uint8Array): unknown {
    return typeof plaintext === "string"
      ? (this.#codec as TextCodec).decodeText(plaintext)
      : (this.#codec as Codec).decode(plaintext)
  }

  #plaintextFor(given: unknown): string | Uint8Array {
    const plaintext = encodeValue(this.property, this.#codec, this.#valueOf(given))
    return this.#padding?.pad(plaintext) ?? plaintext
  }

  #valueOf(given: unknown): unknown {
    const value = valueToStore(this.property, given, this.isSealed)
    if (!this.isOwnToken(value)) return value
    throw new EncryptionError(
      "ERR_ALREADY_ENCRYPTED",
      `${this.property}: the value is already a token under one of this DataSource's keys. It ` +
        "probably comes from a raw query; pass raw rows through `decryptRaw` first.",
    )
  }

  /** A cell that did not open: what was there before is read if that is allowed, all else is an error. */
  #readNoToken(cell: string, keyring: Keyring): unknown {
    const keyIndex = mayBeToken(cell) ? keyring.keyIndexOf(cell) : undefined
    if (keyIndex !== undefined) {
      throw this.#isExpired(cell, keyring)
        ? this.#unreadable("expired", "is a token older than the column's ttl, or from the future")
        : this.#unreadable("malformed", "is an authentic token whose plaintext is not valid")
    }
    const unencrypted = this.#unencrypted.read(cell, keyring.sharedRing())
    if (unencrypted) return unencrypted.value
    if (tokenShape(cell) === "malformed") {
      throw this.#unreadable("malformed", "is a token that was truncated or damaged")
    }
    if (keyring.isBarred(cell)) {
      throw this.#unreadable(
        "unknown-key",
        'is a token under the keys that all columns share, which a column with columnKey "only" does ' +
          "not take: it was never moved, or was copied here",
      )
    }
    const keys = keyring.fingerprints.join(", ")
    throw this.#unreadable(
      "unknown-key",
      `was altered, or encrypted under a key that is not in the keyring (it has ${keys})`,
    )
  }

  /** Before the schema step, a column gives values of the type that it had. */
  #readNative(cell: unknown): unknown {
    const native = this.#unencrypted.readNative(cell)
    if (native) return native.value
    throw this.#unreadable("malformed", "is not text")
  }

  #isExpired(cell: string, keyring: Keyring): boolean {
    if (this.#scheme.declaration.ttl === undefined) return false
    try {
      this.#open(cell, keyring)
      return true
    } catch {
      return false
    }
  }

  /** Whether the codec reads a plaintext. */
  readsPlaintext(text: string): boolean {
    try {
      this.#decode("decodeText" in this.#codec ? text : Buffer.from(text, "utf8"))
      return true
    } catch {
      return false
    }
  }

  #unreadable(reason: DecryptionError["reason"], problem: string): DecryptionError {
    return unreadable(this.property, reason, problem)
  }
}

/** Returns the encrypted column that a column's metadata is bound to, if it is one. */
export function boundColumn(column: {
  readonly transformer?: ColumnOptions["transformer"]
}): BoundColumn | undefined {
  const transformer = column.transformer as Partial<BoundColumn> | undefined
  return transformer?.["@typeorm-fernet/bound"] ? (transformer as BoundColumn) : undefined
}
