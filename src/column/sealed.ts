import { createHmac, randomBytes, timingSafeEqual } from "node:crypto"
import { inspect } from "node:util"

import { type Codec, encodedBytes, type TextCodec } from "./codec"
import { codecFor } from "./codec-for"
import { showSealed } from "./sealed-text"

/** What a sealed value holds: a value, or a cell and what opens it. */
export interface SealedContent {
  /** The codec of the column that the cell is of; `undefined` for a value that was given. */
  readonly codec: Codec | TextCodec | undefined
  /** Returns the value to who asked to see it. */
  reveal(): unknown
  /** Returns its plaintext to who asked to see it: bytes that are the caller's, to be wiped. */
  revealBytes(): Buffer
  /** Has it recorded that one of these is to be called, and returns what then may be. */
  recorded(): Promise<Pick<SealedContent, "reveal" | "revealBytes">>
  /** Returns the value for what shows it to nobody: to write it, to compare it, to search for it. */
  open(): unknown
}

/** Under `Symbol.for`, so that a second copy of the package opens what the first sealed. */
const CONTENT = Symbol.for("typeorm-fernet.sealed")

/**
 * The value of a property that is declared `sealed`: it is decrypted when it is asked for by
 * {@link reveal} or {@link use}, and never before. Whatever else is made of it, a text, JSON, a line of
 * a log, a copy, shows `[sealed]`, or nothing.
 *
 * @example
 * ```ts
 * integration.apiKey = Sealed.of(request.body.apiKey)
 * await integrations.save(integration)
 * await fetch(url, { headers: { authorization: integration.apiKey.reveal() } })
 * ```
 */
export class Sealed<Value> {
  /** Copies that were made past the constructor, as by `structuredClone`, have none. */
  readonly #content: SealedContent | undefined

  private constructor(content?: SealedContent) {
    this.#content = content
  }

  /**
   * Seals a value, to assign it to a property.
   *
   * @throws TypeError if it is `null` or `undefined`, which are assigned as they are, or sealed already
   */
  static of<Value>(value: Value): Sealed<Value> {
    if (value === null || value === undefined) {
      throw new TypeError("Sealed.of() takes a value; assign null itself.")
    }
    if (isSealed(value)) throw new TypeError("The value is sealed already; assign it as it is.")
    return new Sealed<Value>(new GivenValue(value))
  }

  /** @internal */
  static containing(content: SealedContent): Sealed<unknown> {
    return new Sealed(content)
  }

  /**
   * Decrypts the value and returns it. What it returns is no longer sealed.
   *
   * @throws {@link DecryptionError} if the cell cannot be read, naming the property and, where it is
   * known, the row
   * @throws {@link KeyError} if there is no key, or work is not being done for the tenant that the value
   * was read for
   * @throws {@link EncryptionError} `ERR_REVEAL_UNRECORDED` where `beforeReveal` of `withEncryption` is to
   * be waited for, as {@link revealRecorded} does
   * @throws TypeError if this is a copy, which holds nothing
   */
  reveal(): Value {
    // What the codec of the column reads is declared by the property
    return wholeOf(this).reveal() as Value
  }

  /**
   * Decrypts the plaintext into a Buffer, which is wiped when `work` has returned or thrown, or when the
   * promise it returned has settled. It holds what the codec wrote, of a string its UTF-8. Unlike a
   * string, which JavaScript keeps until it is collected and cannot overwrite, it leaves nothing behind.
   *
   * @returns what `work` returns
   * @throws what {@link reveal} throws, and what `work` throws
   */
  use<Result>(work: (bytes: Buffer) => Result): Result {
    return usingBytes(wholeOf(this), work)
  }

  /**
   * As {@link reveal}, once `beforeReveal` of `withEncryption` has recorded it: no record, no value.
   * Without that option there is nothing to wait for.
   *
   * @throws what {@link reveal} throws, and what `beforeReveal` does
   */
  async revealRecorded(): Promise<Value> {
    const recorded = await wholeOf(this).recorded()
    return recorded.reveal() as Value
  }

  /**
   * As {@link use}, once `beforeReveal` of `withEncryption` has recorded it: no record, no value.
   *
   * @throws what {@link use} throws, and what `beforeReveal` does
   */
  async useRecorded<Result>(work: (bytes: Buffer) => Promise<Result> | Result): Promise<Result> {
    return usingBytes(await wholeOf(this).recorded(), work)
  }

  /**
   * Whether a value, or another sealed one, is the same, in a time that does not tell where they
   * differ. Values are the same where the codec of the column says so.
   *
   * @throws what {@link reveal} throws
   */
  equals(other: Value | Sealed<Value> | null | undefined): boolean {
    if (other === null || other === undefined) return false
    const [own, theirs] = [wholeOf(this), isSealed(other) ? wholeOf(other) : new GivenValue(other)]
    const [value, sought] = [own.open(), theirs.open()]
    const codec = own.codec ?? theirs.codec ?? codecFor(value)
    const [one, another] = [comparable(codec, value), comparable(codec, sought)]
    return one !== undefined && another !== undefined && timingSafeEqual(one, another)
  }

  /** Returns `[sealed]`. */
  toString(): string {
    return showSealed()
  }

  /** Returns `[sealed]`. */
  toJSON(): string {
    return showSealed()
  }

  /** Returns `[sealed]`, whatever a text is wanted for. */
  [Symbol.toPrimitive](): string {
    return showSealed()
  }

  /**
   * Returns `[sealed]`.
   *
   * @internal
   */
  [inspect.custom](): string {
    return showSealed()
  }

  /** @internal */
  [CONTENT](): SealedContent | undefined {
    return #content in this ? this.#content : undefined
  }
}

/** A value that was sealed in this process, and is of no column yet. */
class GivenValue implements SealedContent {
  readonly codec = undefined
  readonly #value: unknown

  constructor(value: unknown) {
    this.#value = value
  }

  reveal(): unknown {
    return this.#value
  }

  revealBytes(): Buffer {
    return encodedBytes(codecFor(this.#value), this.#value)
  }

  open(): unknown {
    return this.#value
  }

  recorded(): Promise<this> {
    return Promise.resolve(this)
  }
}

/** Gives plaintext to a function, and wipes it when that is over. */
function usingBytes<Result>(
  content: Pick<SealedContent, "revealBytes">,
  work: (bytes: Buffer) => Result,
): Result {
  const bytes = content.revealBytes()
  const wipe = (): void => {
    bytes.fill(0)
  }
  let isPending = false
  try {
    const result = work(bytes)
    isPending = isThenable(result)
    // Of a promise comes a promise of the same
    return isPending ? (Promise.resolve(result).finally(wipe) as Result) : result
  } finally {
    if (!isPending) wipe()
  }
}

/** Whether a value is sealed, or a copy of one that is. By a mark, for a second copy of the package. */
export function isSealed(value: unknown): value is Sealed<unknown> {
  return typeof value === "object" && value !== null && CONTENT in value
}

/** Returns what a sealed value holds; `undefined` for a copy that holds nothing. */
export function contentOf(sealed: Sealed<unknown>): SealedContent | undefined {
  return sealed[CONTENT]()
}

function wholeOf(sealed: Sealed<unknown>): SealedContent {
  const content = contentOf(sealed)
  if (content) return content
  throw new TypeError(
    "This is a copy of a sealed value, which holds nothing. Use the value itself.",
  )
}

function isThenable(result: unknown): boolean {
  return typeof (result as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function"
}

/** Digests have one length, and tell nothing about what they are of. */
const SECRET = randomBytes(32)

/** A value that the codec refuses equals nothing. */
function comparable(codec: Codec | TextCodec, value: unknown): Buffer | undefined {
  try {
    const form = (codec as Codec).canonical?.(value) ?? codec.encode(value)
    return createHmac("sha256", SECRET).update(form).digest()
  } catch {
    return undefined
  }
}
