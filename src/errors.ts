/** Every `code` an error of this package carries. Codes are stable; messages are not. */
export type EncryptionErrorCode =
  | "ERR_ALREADY_ENCRYPTED"
  | "ERR_ALREADY_RUNNING"
  | "ERR_BULK_INCOMPLETE"
  | "ERR_CHECK_FAILED"
  | "ERR_COLUMN_MISUSE"
  | "ERR_COLUMN_UNBOUND"
  | "ERR_DECRYPTION_FAILED"
  | "ERR_INVALID_TOKEN"
  | "ERR_INVALID_VALUE"
  | "ERR_KEY_INVALID"
  | "ERR_KEY_MISSING"
  | "ERR_REVEAL_UNRECORDED"
  | "ERR_SEAM_BROKEN"
  | "ERR_STATEMENT_FAILED"
  | "ERR_UNSUPPORTED_DATABASE"
  | "ERR_UNSUPPORTED_QUERY"

/** Why a cell could not be read. */
export type DecryptionFailureReason =
  "expired" | "legacy" | "malformed" | "plaintext" | "unknown-key"

/**
 * The base of every error this package throws. Recognise errors by `code`, which also works when
 * two copies of the package are loaded. No message, property or cause holds a key, a plaintext or
 * a token.
 */
export class EncryptionError extends Error {
  static {
    this.prototype.name = "EncryptionError"
  }

  readonly code: EncryptionErrorCode

  constructor(code: EncryptionErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** No key could be had (`ERR_KEY_MISSING`), or what was found is not a key (`ERR_KEY_INVALID`). */
export class KeyError extends EncryptionError {
  static {
    this.prototype.name = "KeyError"
  }

  declare readonly code: "ERR_KEY_INVALID" | "ERR_KEY_MISSING"
}

/**
 * A token was refused by `Fernet` or `Keyring`. One opaque error for every cryptographic failure:
 * it does not tell a wrong key from a forged, truncated or expired token.
 */
export class InvalidTokenError extends EncryptionError {
  static {
    this.prototype.name = "InvalidTokenError"
  }

  declare readonly code: "ERR_INVALID_TOKEN"

  constructor() {
    super("ERR_INVALID_TOKEN", "The token is invalid.")
  }
}

/** The model uses encrypted columns in a way that cannot work; `problems` lists every one found. */
export class ColumnMisuseError extends EncryptionError {
  static {
    this.prototype.name = "ColumnMisuseError"
  }

  declare readonly code: "ERR_COLUMN_MISUSE"
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(
      "ERR_COLUMN_MISUSE",
      `Encrypted columns are misused in ${problems.length} place${problems.length === 1 ? "" : "s"}:\n` +
        problems.map((problem) => `- ${problem}`).join("\n"),
    )
    this.problems = problems
  }
}

/** A cell read from the database could not be turned into its plaintext. */
export class DecryptionError extends EncryptionError {
  static {
    this.prototype.name = "DecryptionError"
  }

  declare readonly code: "ERR_DECRYPTION_FAILED"
  /** The column, as `Entity.property`. */
  readonly property: string
  readonly reason: DecryptionFailureReason
  /** The row's primary key by property, where the result that was read shows it. */
  readonly primaryKey: Readonly<Record<string, unknown>> | undefined
  /**
   * Whether another cell of the column in the same result opens: if none does, the keys are wrong
   * rather than the row. `undefined` if there was no such result.
   */
  readonly othersOpen: boolean | undefined

  constructor(
    property: string,
    reason: DecryptionFailureReason,
    message: string,
    row: Partial<Pick<DecryptionError, "othersOpen" | "primaryKey">> = {},
  ) {
    super("ERR_DECRYPTION_FAILED", message)
    this.property = property
    this.reason = reason
    this.primaryKey = row.primaryKey
    this.othersOpen = row.othersOpen
  }
}

/** A query asks the database something that ciphertext cannot answer. Thrown before SQL is sent. */
export class UnsupportedQueryError extends EncryptionError {
  static {
    this.prototype.name = "UnsupportedQueryError"
  }

  declare readonly code: "ERR_UNSUPPORTED_QUERY"
  /** The column, as `Entity.property`. */
  readonly property: string

  constructor(property: string, message: string) {
    super("ERR_UNSUPPORTED_QUERY", message)
    this.property = property
  }
}
