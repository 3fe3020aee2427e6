import { isPlaintextParameter } from "../../search/predicate"

/** What a statement seeks in legacy plaintext, among its parameters. */
export type Sought = ReadonlySet<unknown>

/** By the list of parameters that a statement is sent with. */
const sought = new WeakMap<object, Sought>()

/**
 * Takes note of what a statement seeks in legacy plaintext.
 *
 * @param named - parameters of a query builder
 * @param sent - the list that they are sent as
 */
export function noteSought(named: Readonly<Record<string, unknown>>, sent: object): void {
  const names = Object.keys(named).filter(isPlaintextParameter)
  if (names.length === 0) return
  // A long list is sent as one parameter, a short one value by value
  const values = names.map((name) => named[name])
  sought.set(sent, new Set([...values, ...values.flat()]))
}

/** Returns what a statement seeks in legacy plaintext, by its list of parameters; `undefined` if nothing. */
export function soughtIn(parameters: unknown): Sought | undefined {
  return Array.isArray(parameters) ? sought.get(parameters) : undefined
}

/** Returns parameters without what is sought. */
export function redactParameters(parameters: unknown, hidden: Sought): unknown {
  if (!Array.isArray(parameters)) return parameters
  return parameters.map((one: unknown) => (hidden.has(one) ? "(encrypted)" : one))
}

interface FailedStatement {
  query?: unknown
  parameters?: unknown
  /** The statement with its parameters in it, as MySQL's driver has it. */
  sql?: unknown
  driverError?: FailedStatement
}

/** Takes what is sought out of the error of a statement. */
export function redactError(error: unknown, hidden: Sought, statement: unknown): void {
  if (typeof error !== "object" || error === null) return
  const failed: FailedStatement = error
  if (failed.parameters !== undefined) {
    failed.parameters = redactParameters(failed.parameters, hidden)
  }
  for (const holder of [failed, failed.driverError]) {
    if (typeof holder?.sql === "string") holder.sql = statement
  }
}
