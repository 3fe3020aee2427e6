import { isPlaintextParameter } from "../../search/predicate"
import type { Driver } from "../typeorm-internals"

/** What is sought in legacy plaintext, by the list of parameters that a statement is sent with. */
const sought = new WeakMap<object, ReadonlySet<unknown>>()

/** Has a driver take note of the parameters that hold what is sought in legacy plaintext. */
export function noteSoughtPlaintext(driver: Driver): void {
  const escapeQueryWithParameters = driver.escapeQueryWithParameters.bind(driver)
  driver.escapeQueryWithParameters = (sql, parameters, ...rest) => {
    const escaped = escapeQueryWithParameters(sql, parameters, ...rest)
    const names = Object.keys(parameters).filter(isPlaintextParameter)
    if (names.length > 0) {
      // A long list is sent as one parameter, a short one value by value
      const values = names.map((name) => parameters[name] as unknown)
      sought.set(escaped[1], new Set([...values, ...values.flat()]))
    }
    return escaped
  }
}

interface FailedStatement {
  query?: unknown
  parameters?: unknown
  /** The statement with its parameters in it, as MySQL's driver has it. */
  sql?: unknown
  driverError?: FailedStatement
}

/** Takes what is sought in legacy plaintext out of the error of a statement. */
export function redactSought(error: unknown, parameters: unknown): unknown {
  const values = Array.isArray(parameters) ? sought.get(parameters) : undefined
  if (!values || typeof error !== "object" || error === null) return error
  const failed: FailedStatement = error
  if (Array.isArray(failed.parameters)) {
    failed.parameters = failed.parameters.map((one: unknown) =>
      values.has(one) ? "(encrypted)" : one,
    )
  }
  for (const holder of [failed, failed.driverError]) {
    if (typeof holder?.sql === "string") holder.sql = failed.query
  }
  return error
}
