/** Where a PostgreSQL came from. */
export type PostgresKind = "docker" | "embedded" | "system"

/** A PostgreSQL that answers, and how to let go of it. */
export interface PostgresServer {
  /** The URL of an account that may create databases, and of a database that exists. */
  readonly url: string
  /** `"url"` for a server that was already running and is left running. */
  readonly kind: PostgresKind | "url"
  /** As the server reports it, such as `18.4`. */
  readonly version: string
  /** Stops the server and removes its files; does nothing for `"url"`. Can be called twice. */
  stop(): Promise<void>
}

/** No PostgreSQL could be had this way; the message says why and what to do. */
export class PostgresUnavailableError extends Error {
  static {
    this.prototype.name = "PostgresUnavailableError"
  }
}
