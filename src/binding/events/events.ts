import type { DecryptionFailureReason } from "../../errors"

/** Attributes of an event, named as those of OpenTelemetry: for a span, or some of them for a counter. */
export type EventAttributes = Readonly<Record<string, number | string | readonly string[]>>

/** The primary key of a row, by property. */
export type EventKey = Readonly<Record<string, unknown>>

/** What the events of statements have in common. None holds a value, a token or an index value. */
export interface StatementEvent {
  /** Who it was done for, if it was inside of `runWithActor`. */
  readonly actor: string | undefined
  /** The tenant it was done for, inside of `TenantKeys.run`. */
  readonly tenant: string | undefined
  /** The entity that the statement is about; `undefined` where there is no statement. */
  readonly entity: string | undefined
  /** The code or the name of what the statement failed with; `undefined` if it did not. */
  readonly error: string | undefined
  /**
   * `db.system.name`, `db.namespace`, `db.collection.name`, `db.operation.name` and `error.type`, as far
   * as they are known, and what the event says, under `typeorm_fernet.`.
   */
  readonly attributes: EventAttributes
}

/** Cells of one column. */
export interface CellCount {
  /** The column, as `Entity.property`. */
  readonly column: string
  readonly cells: number
}

/** On `typeorm-fernet:encrypt`: values were encrypted to be stored. NULL is no value. */
export interface EncryptEvent extends StatementEvent {
  readonly columns: readonly CellCount[]
  /** Those of all columns. */
  readonly cells: number
  /** The fingerprints of the keys that they are under. */
  readonly keys: readonly string[]
  /** The rows, where they are known and 20 at most. */
  readonly rows: readonly EventKey[] | undefined
}

/** On `typeorm-fernet:decrypt`: the application was given decrypted values. */
export interface DecryptEvent extends StatementEvent {
  readonly columns: readonly CellCount[]
  /** Those of all columns. */
  readonly cells: number
  /** The rows of the entity, where they are known and 20 at most. */
  readonly rows: readonly EventKey[] | undefined
}

/** Cells of one column that could not be read, for one reason. */
export interface FailureCount extends CellCount {
  readonly reason: DecryptionFailureReason
}

/** On `typeorm-fernet:decrypt.failed`: cells could not be read. */
export interface DecryptFailedEvent extends StatementEvent {
  readonly failures: readonly FailureCount[]
  /** Those of all failures. */
  readonly cells: number
  /**
   * `"partial"` if the application was given the result without them, as `onUnreadable` has it;
   * `"failed"` if it was given an error and nothing else.
   */
  readonly outcome: "failed" | "partial"
  /** Cells of the same result that were decrypted; of a failed one, until then. */
  readonly decrypted: number
}

/** Cells of one column that were read though they are no tokens. */
export interface PlaintextCount {
  /** The column, as `Entity.property`. */
  readonly column: string
  readonly plaintext: number
  readonly legacy: number
  /** Of the legacy cells, those whose reader does not authenticate. */
  readonly unauthenticated: number
}

/** On `typeorm-fernet:plaintext.read`: cells were read that are no tokens. */
export interface PlaintextReadEvent extends StatementEvent {
  readonly columns: readonly PlaintextCount[]
  /** Those of all columns. */
  readonly cells: number
}

/** A blind index that was asked. */
export interface SearchCount {
  /** The companion column of the index, as `Entity.name`. */
  readonly index: string
  /** The columns it covers, as `Entity.property`. */
  readonly columns: readonly string[]
  /** The values that were sought. */
  readonly values: number
}

/** On `typeorm-fernet:search`: a statement asked blind indexes, to read rows or to choose what it writes. */
export interface SearchEvent extends StatementEvent {
  readonly indexes: readonly SearchCount[]
}

/**
 * What is published on the channel `typeorm-fernet:reveal` whenever the value of a stored cell was asked
 * for by `reveal()` or `use()`, and had or not. Saving, comparing and searching show it to nobody, and
 * are no reveals.
 */
export interface RevealEvent {
  /** The column, as `Entity.property`. */
  readonly column: string
  /** The row's primary key by property, where it was read. */
  readonly primaryKey?: Readonly<Record<string, unknown>>
  /** Why the cell could not be read. */
  readonly reason?: DecryptionFailureReason
  /** Who it was done for, if it was inside of `runWithActor`. */
  readonly actor: string | undefined
}
