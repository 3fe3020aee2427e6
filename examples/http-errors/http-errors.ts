import { QueryFailedError } from "typeorm"
import { EncryptionError } from "typeorm-fernet"

/** What a client is told of an error: never a value, and of what is wrong inside no more than that. */
export interface HttpError {
  readonly status: number
  readonly body: { readonly error: string; readonly property?: string }
}

// #region http-errors
/** Returns the answer to an error of an encrypted column, or `undefined` for every other error. */
export function httpErrorOf(error: unknown): HttpError | undefined {
  if (isUniqueViolation(error)) return { status: 409, body: { error: "taken" } }
  if (!(error instanceof EncryptionError)) return undefined
  switch (error.code) {
    case "ERR_INVALID_VALUE":
    case "ERR_ALREADY_ENCRYPTED":
      return { status: 400, body: { error: "invalid value" } }
    case "ERR_UNSUPPORTED_QUERY":
      return { status: 400, body: { error: "cannot be searched like this" } }
    case "ERR_KEY_MISSING":
      return { status: 503, body: { error: "temporarily unavailable" } }
    default:
      return { status: 500, body: { error: "internal error" } }
  }
}
// #endregion

/** As PostgreSQL, MySQL and better-sqlite3 have it; sql.js has it in words only. */
function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false
  const { code = "", message } = error.driverError as { readonly code?: string; message: string }
  const codes = ["23505", "ER_DUP_ENTRY", "SQLITE_CONSTRAINT_UNIQUE"]
  return codes.includes(code) || message.startsWith("UNIQUE constraint failed")
}
