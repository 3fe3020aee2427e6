/** What is told about an error: its code if it has one, and a message without any cell's value. */
export interface ErrorDescription {
  readonly code?: string
  readonly message: string
}

/** What drivers put on their errors. */
interface DriverError {
  readonly code?: unknown
  readonly severity?: unknown
  readonly sqlState?: unknown
}

/**
 * Describes an error for users. Bound values are never part of it, nor what a database quotes in
 * its complaint about a value.
 */
export function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { message: String(error) }
  const { code } = error as DriverError
  const message = inFlags(messageOf(error))
  return typeof code === "string" ? { code, message } : { message }
}

/** The bulk functions advise options by their own names. */
function inFlags(message: string): string {
  return message.replace(/\b(pass|leave) `(alter|force|vacuum)`/g, "$1 --$2")
}

/** Renders an error as text, with our own codes and Node's, and with its stack if asked for. */
export function renderError(error: unknown, verbose: boolean): string {
  const { code, message } = describeError(error)
  const text = code?.startsWith("ERR_") ? `${code}: ${message}` : message
  return verbose && error instanceof Error ? [text, ...framesOf(error)].join("\n") : text
}

function messageOf(error: Error): string {
  // Node's, if all addresses of a host refuse
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map((one) => describeError(one).message).join("; ")
  }
  if (!isAboutValue(error)) return error.message || error.name
  // From the first quotation mark to the last: there may be some in the value
  return error.message.replace(/['"].*['"]/s, "'…'")
}

/**
 * By the SQLSTATE, or by its general class, in which MySQL has such complaints. A data source may
 * fail to parse its secrets as JSON, which then are quoted.
 */
function isAboutValue(error: Error): boolean {
  if (error instanceof SyntaxError) return error.message.includes("JSON")
  const { code, severity, sqlState } = error as DriverError
  const state = severity === undefined ? sqlState : code
  return typeof state === "string" && /^(?:22|23|HY)/.test(state)
}

/** Without the first lines of the stack, which are the message. */
function framesOf({ stack = "" }: Error): readonly string[] {
  return stack.split("\n").filter((line) => /^ {4}at /.test(line))
}
