import type { Keyring } from "../../fernet/keyring"
import type { Plaintext } from "../../fernet/plaintext"
import { MadeAhead } from "../../made-ahead"

/** Values below which encrypting together is not worth its while. */
export const FEWEST_VALUES = 8

/**
 * Encrypts the values of one column together that a statement is about to write. TypeORM asks for the
 * cell of one row after another, and many tokens are made in less time than each by itself.
 */
export class WriteAhead {
  readonly #made = new MadeAhead<Keyring, unknown, string>()

  /**
   * Encrypts the values that are to be asked for, in this order.
   *
   * @param ringOf - returns the ring to encrypt with, and is asked only if there is something to encrypt
   * @param plaintextOf - returns the plaintext of a value that is not NULL. One for which it throws, or
   * returns `undefined`, is left to be encrypted by itself
   */
  begin(
    values: readonly unknown[],
    ringOf: () => Keyring,
    plaintextOf: (value: unknown) => Plaintext | undefined,
  ): void {
    this.forget()
    const plaintexts: Plaintext[] = []
    const ahead: unknown[] = []
    for (const value of values) {
      const plaintext = plaintextUnlessRefused(value, plaintextOf)
      if (plaintext === undefined) continue
      plaintexts.push(plaintext)
      ahead.push(value)
    }
    if (plaintexts.length < FEWEST_VALUES) return
    const ring = ringOf()
    this.#made.begin(ring, ahead, ring.encryptMany(plaintexts))
  }

  /** Returns the token of a value if it was made ahead. */
  take(value: unknown, keyring: Keyring): string | undefined {
    return this.#made.take(
      () => keyring,
      (made) => Object.is(made, value),
    )
  }

  /** Forgets what was made ahead and not asked for. */
  forget(): void {
    this.#made.forget()
  }
}

/** Why it is refused is said when the cell is asked for. */
function plaintextUnlessRefused(
  value: unknown,
  plaintextOf: (value: unknown) => Plaintext | undefined,
): Plaintext | undefined {
  if (value === null || value === undefined) return undefined
  try {
    return plaintextOf(value)
  } catch {
    return undefined
  }
}
