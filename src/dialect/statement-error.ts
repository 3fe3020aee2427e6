import { EncryptionError } from "../errors"

/** The code of a connection that ended, where the driver itself gives none. */
export const CONNECTION_LOST = "CONNECTION_LOST"

/**
 * A statement of a bulk function failed for good. Drivers attach the statement, its values and the
 * row that was refused to their errors, and some of their messages quote values: none of that is
 * passed on.
 */
export class StatementError extends EncryptionError {
  static {
    this.prototype.name = "StatementError"
  }

  declare readonly code: "ERR_STATEMENT_FAILED"
  /** The driver's code: an SQLSTATE, a name as `ER_LOCK_DEADLOCK`, or `""` if there was none. */
  readonly driverCode: string

  constructor(driverCode: string, message: string) {
    super("ERR_STATEMENT_FAILED", message)
    this.driverCode = driverCode
  }

  /** Returns the same error, which says what table the statement was about. */
  about(table: string): StatementError {
    return new StatementError(
      this.driverCode,
      this.message.replace(/^A statement failed/, () => `A statement on ${table} failed`),
    )
  }
}

/** Returns the driver's code of an error, `""` if it has none. */
export function driverCodeOf(error: unknown): string {
  return error instanceof StatementError ? error.driverCode : ""
}

const SOCKET_CODES: ReadonlySet<string> = new Set([
  ...["ECONNRESET", "ECONNREFUSED", "ECONNABORTED", "EPIPE", "ETIMEDOUT"],
  ...["EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN"],
])

/** Whether a code says that the connection is gone, whatever the database. */
export function isConnectionLost(code: string): boolean {
  return code === CONNECTION_LOST || SOCKET_CODES.has(code)
}

const DUPLICATE_CODES: ReadonlySet<string> = new Set([
  "23505",
  "ER_DUP_ENTRY",
  "SQLITE_CONSTRAINT_UNIQUE",
])

/** Whether a statement failed because a unique index holds an equal value, whatever the database. */
export function isDuplicate(error: unknown): boolean {
  return DUPLICATE_CODES.has(driverCodeOf(error))
}

/**
 * SQLSTATE: data exceptions, violated constraints, an index entry that is too large, what triggers
 * raise, and views that would not show the row.
 */
const REFUSING_STATE = /^(?:22|23|44)...$|^54000$|^P0001$/

const REFUSING_NAME =
  /^(?:SQLITE_(?:CONSTRAINT|TOOBIG|MISMATCH)|ER_(?:DUP_ENTRY|CANNOT_CONVERT_STRING|CHECK_CONSTRAINT_V|CONSTRAINT_FAILED|DATA_|BAD_NULL|TRUNCATED_|INVALID_(?:CHARACTER|JSON)|SIGNAL_EXCEPTION|NO_REFERENCED_|ROW_IS_REFERENCED|TOO_BIG_ROWSIZE|WARN_DATA_OUT))/

/** Whether a statement failed for what one of its rows was to hold, whatever the database. */
export function isRefusal(error: unknown): error is StatementError {
  const code = driverCodeOf(error)
  return REFUSING_STATE.test(code) || REFUSING_NAME.test(code)
}

const TOO_MANY_CONNECTIONS: ReadonlySet<string> = new Set([
  ...["53300", "ER_CON_COUNT_ERROR", "ER_TOO_MANY_USER_CONNECTIONS", "ER_USER_LIMIT_REACHED"],
])

/** Whether a connection could not be opened since the server, or an account, has no more of them. */
export function lacksConnections(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown }
  return TOO_MANY_CONNECTIONS.has(driverCodeOf(error) || String(code))
}

/** What of a driver's error may be looked at. */
interface DriverError {
  readonly code?: unknown
  readonly message?: unknown
  readonly detail?: unknown
  readonly constraint?: unknown
  readonly column?: unknown
}

/**
 * Returns an error that says what failed, without any value.
 *
 * @param mayQuote - whether messages of this code hold nothing but names
 * @param mayDetail - whether its details do not, either
 */
export function statementError(
  error: unknown,
  mayQuote: (code: string) => boolean,
  mayDetail: (code: string) => boolean = () => false,
): StatementError {
  const { code: given, message, detail, constraint, column } = error as DriverError
  const text = String(message)
  const code = typeof given === "string" ? given : saysLost(text) ? CONNECTION_LOST : ""
  const names = [constraint, column].filter((name) => typeof name === "string")
  const quoted = code === CONNECTION_LOST || (code !== "" && mayQuote(code))
  const details =
    typeof detail === "string" && mayDetail(code) ? [detail.replaceAll("\n", ", ")] : []
  const told = quoted ? [text, ...details].join(": ") : [...names, ...details].join(", ")
  const failure = code === "" ? nameOf(error) : code
  return new StatementError(
    code,
    `A statement failed with ${failure}${told === "" ? "; its message may quote values" : `: ${told}`}.`,
  )
}

/** The words of `pg` and `mysql2` for a connection that ended under a statement or before it. */
function saysLost(message: string): boolean {
  return /connection (?:terminated|ended|lost|error)|closed state|client was closed|not queryable|connection is closed/i.test(
    message,
  )
}

function nameOf(error: unknown): string {
  return error instanceof Error ? `a ${error.constructor.name}` : "something that is no Error"
}
