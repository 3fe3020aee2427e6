import { FindOperator } from "typeorm"

import { UnsupportedQueryError } from "../errors"

/** Options of `BlindEqual` and `BlindIn`. */
export interface BlindSearchOptions {
  /**
   * Which of several blind indexes of the property answers, by the name of its companion column.
   * Defaults to the first one declared.
   */
  readonly index?: string
}

/** What an operator seeks, kept where neither `inspect` nor JSON shows it. */
interface Sought {
  readonly values: readonly unknown[]
  readonly index: string | undefined
}

/** Under `Symbol.for`, so that a second copy of the package understands the operators of the first. */
const SOUGHT = Symbol.for("typeorm-fernet.sought")

class BlindSearch<Value> extends FindOperator<Value> {
  readonly #sought: Sought

  constructor(values: readonly unknown[], { index }: BlindSearchOptions) {
    super("raw", undefined as never)
    this.#sought = { values, index }
  }

  /** What is sought. */
  [SOUGHT](): Sought {
    return this.#sought
  }

  /** Reached only where the condition was not compiled: the property has no blind index. */
  override get getSql(): (aliasPath: string) => string {
    return refuse
  }

  /** Keeps TypeORM from handing the values to a transformer. */
  override transformValue(): void {
    // Nothing to do
  }
}

function refuse(aliasPath: string): never {
  throw new UnsupportedQueryError(
    aliasPath,
    `${aliasPath}: BlindEqual and BlindIn work on an encrypted property with a blind index, and in ` +
      "the conditions of a DataSource that went through withEncryption().",
  )
}

/**
 * Finds rows whose encrypted property equals a value, by its blind index. A plain value and `Equal`
 * do the same; unlike them, this operator never shows the value in an `EntityNotFoundError`, and it
 * can name one of several indexes.
 *
 * @example
 * ```ts
 * await users.findOneByOrFail({ email: BlindEqual("alice@example.com") })
 * ```
 */
export function BlindEqual<Value>(
  value: Value,
  options: BlindSearchOptions = {},
): FindOperator<Value> {
  return new BlindSearch<Value>([value], options)
}

/** Finds rows whose encrypted property equals one of several values; see {@link BlindEqual}. */
export function BlindIn<Value>(
  values: readonly Value[],
  options: BlindSearchOptions = {},
): FindOperator<Value> {
  return new BlindSearch<Value>([...values], options)
}

/** Returns what a `BlindEqual` or `BlindIn` seeks, or `undefined` for anything else. */
export function soughtBy(operator: unknown): Sought | undefined {
  const { [SOUGHT]: sought } = (operator ?? {}) as { readonly [SOUGHT]?: () => Sought }
  return sought?.call(operator)
}
