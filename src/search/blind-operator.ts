import { FindOperator } from "typeorm"

import { type CompiledPredicate, compilePredicate, type Predicate } from "./predicate"

/**
 * A condition on an encrypted property in the form that TypeORM compiles wherever it compiles a find
 * operator: as SQL over the companion columns, with index values as parameters. It holds no
 * plaintext, unless rows that are still in plaintext are searched as well.
 */
export class BlindOperator extends FindOperator<never> {
  /** By this mark a second copy of the package recognises the operators of the first. */
  readonly "@typeorm-fernet/blind" = true
  readonly #path: string
  readonly #compiled: CompiledPredicate

  /** @param path - the property path at which the operator stands in the condition */
  constructor(path: string, predicate: Predicate) {
    super("raw", undefined as never)
    this.#path = path
    this.#compiled = compilePredicate(predicate)
  }

  /** Index values by the names of their parameters. */
  override get objectLiteralParameters(): Record<string, unknown> {
    return { ...this.#compiled.parameters }
  }

  /** Compiles the condition for a path as the query spells it. */
  override get getSql(): (aliasPath: string) => string {
    return (aliasPath) => {
      const prefix = aliasPath.slice(0, aliasPath.length - this.#path.length)
      return this.#compiled.toSql((propertyPath) => `${prefix}${propertyPath}`)
    }
  }

  /** TypeORM would have the column's transformer change the value in place. There is none. */
  override transformValue(): void {
    // Nothing to do
  }
}

/**
 * Stands in for a condition that cannot be answered, and says so where TypeORM would compile it, so
 * that what TypeORM itself finds wrong before is said in its own words.
 */
export class RefusedCondition extends FindOperator<never> {
  readonly "@typeorm-fernet/blind" = true
  readonly #reason: Error

  constructor(reason: Error) {
    super("raw", undefined as never)
    this.#reason = reason
  }

  /** @throws the reason */
  override get objectLiteralParameters(): never {
    throw this.#reason
  }

  /** @throws the reason */
  override get getSql(): never {
    throw this.#reason
  }

  /** Has no value that a transformer could change. */
  override transformValue(): void {
    // Nothing to do
  }
}

/** Whether a value is a compiled condition on an encrypted property. */
export function isBlindOperator(value: unknown): value is BlindOperator | RefusedCondition {
  return (value as Partial<BlindOperator> | null)?.["@typeorm-fernet/blind"] === true
}
