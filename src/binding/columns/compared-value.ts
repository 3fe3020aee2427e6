import { isUint8Array } from "node:util/types"

import { comparisonOperand } from "./comparison-operand"

/**
 * A value that TypeORM has just read from an entity, to compare it with the one that is stored: where
 * both are the same, both are given one operand that equals no other, and nothing is hashed.
 */
interface ComparedValue {
  /** The column that it belongs to. */
  readonly column: object
  readonly value: unknown
  /** What it was given, once the stored value was seen to be the same. */
  operand?: string
}

let last: ComparedValue | undefined
let isForgotten = true

/** Notes the value of a column that was read last. It is plaintext, and forgotten when the task ends. */
export function noteCompared(column: object, value: unknown): void {
  last = { column, value }
  if (!isForgotten) return
  isForgotten = false
  queueMicrotask(() => {
    isForgotten = true
    last = undefined
  })
}

/** How the values of a column are compared. */
interface Comparing {
  /** Of the column, for its operands. */
  readonly mark: string
  /** The same for values that count as equal; `undefined` for one that equals nothing. */
  readonly plaintextOf: (value: unknown) => string | Uint8Array | undefined
}

/**
 * Returns what a stored value is given, if the value of the same column that was read last, and nothing
 * else since, is the same.
 */
export function operandOfStored(
  column: object,
  stored: unknown,
  { mark, plaintextOf }: Comparing,
): string | undefined {
  if (last?.column !== column) return undefined
  const compared = last
  if (!areSame(plaintextOf(compared.value), plaintextOf(stored))) return undefined
  compared.operand = comparisonOperand(mark, undefined)
  return compared.operand
}

type Plaintext = ReturnType<Comparing["plaintextOf"]>

function areSame(one: Plaintext, other: Plaintext): boolean {
  if (isUint8Array(one) && isUint8Array(other)) return Buffer.compare(one, other) === 0
  return one !== undefined && one === other
}

/**
 * Returns what the stored value was given, for the value that it is the same as. Once: TypeORM asks for it
 * next, and whoever asks later compares it with something else.
 */
export function operandOfCompared(column: object, value: unknown): string | undefined {
  if (last?.column !== column || !Object.is(last.value, value)) return undefined
  const { operand } = last
  last = undefined
  return operand
}
