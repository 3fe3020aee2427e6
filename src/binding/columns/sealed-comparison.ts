import { cellOperand, comparisonOperand } from "./comparison-operand"
import { type SealedColumn, sealedCellOf } from "./sealed-cell"

/** What was asked for of the side of the database. */
interface Stored {
  readonly value: unknown
  readonly cell: string
}

/**
 * Compares the values of a sealed column as TypeORM tells what changed: it asks for what stands for the
 * stored value, and next for what stands for the one that the entity holds. Cells are compared as they
 * are. Only where the entity holds another cell, or a value that it was given, are both opened.
 *
 * That one follows the other is a guess, and nothing depends on it: two values are never the same here
 * unless they are, and of those that are, one would be written again.
 */
export class SealedComparison {
  readonly #column: SealedColumn
  readonly #mark: string
  readonly #plaintextOf: (value: unknown) => string | Uint8Array | undefined
  #stored: Stored | undefined

  /**
   * @param mark - of the column's operands
   * @param plaintextOf - returns the plaintext of a value that is compared; `undefined` if it equals nothing
   */
  constructor(
    column: SealedColumn,
    mark: string,
    plaintextOf: (value: unknown) => string | Uint8Array | undefined,
  ) {
    this.#column = column
    this.#mark = mark
    this.#plaintextOf = plaintextOf
  }

  /** Returns the operand of a value that is stored. */
  ofStored(value: unknown): string {
    const cell = sealedCellOf(value, this.#column)
    this.#stored = cell === undefined ? undefined : { value, cell }
    return this.#operandOf(value, cell)
  }

  /** Returns the operand of a value that may take the place of the one that was asked for before. */
  of(value: unknown): string {
    const stored = this.#stored
    this.#stored = undefined
    const cell = sealedCellOf(value, this.#column)
    if (!stored || stored.cell === cell) return this.#operandOf(value, cell)
    const isSame = this.#operandOf(value) === this.#operandOf(stored.value)
    return isSame ? this.#operandOf(stored.value, stored.cell) : this.#operandOf(value, cell)
  }

  /** Whether two values are the same. They are opened only if they are not of one cell. */
  areSame(one: unknown, other: unknown): boolean {
    const [cell, another] = [sealedCellOf(one, this.#column), sealedCellOf(other, this.#column)]
    if (cell !== undefined && cell === another) return true
    return this.#operandOf(one) === this.#operandOf(other)
  }

  #operandOf(value: unknown, cell?: string): string {
    if (cell !== undefined) return cellOperand(this.#mark, cell)
    return comparisonOperand(this.#mark, this.#plaintextOf(value))
  }
}
