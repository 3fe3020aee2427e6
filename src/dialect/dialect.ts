import type { Batch, Changes, PrimaryKey } from "./batch"
import type { Connection } from "./connection"
import type { WriteResult } from "./proof"

/** A column of a primary key, as the database knows it. */
export interface KeyColumn {
  readonly name: string
  /** Its type, for casting values that were read as text. */
  readonly type: string
  /** Its collation, where values must be told what to be compared under. */
  readonly collation?: string | undefined
}

/** A table as statements need it. */
export interface BulkTable {
  /** Schema, if any, and name, escaped. */
  readonly path: string
  readonly key: readonly KeyColumn[]
  /** Names of the encrypted columns, and behind them those of {@link companions}. */
  readonly columns: readonly string[]
  /** Columns that follow from encrypted ones: they are read and written, and are no tokens. */
  readonly companions?: readonly CompanionColumn[]
  /**
   * By name, the types of columns that hold JSON documents of which parts are tokens. What documents hold is
   * read and compared as text, and their database may spell it in another way than it was written.
   */
  readonly documents?: Readonly<Record<string, string>>
  /** Other columns that the database would change with a row unless told not to. */
  readonly kept: readonly string[]
  /**
   * Whether a statement's own result says nothing of what rows hold when it is over: where there are
   * triggers that come after it, or rules.
   */
  readonly mustReread?: boolean
  /** Whether a unique index holds one of the columns: then changing a row takes more of a lock. */
  readonly inUniqueKey?: boolean
  /** A raw condition that reading is restricted by. */
  readonly where: string | undefined
}

/** A column whose cells are computed from others of their row. */
export interface CompanionColumn {
  readonly name: string
  /** NULL exactly if one of these is. */
  readonly sources: readonly string[]
}

/**
 * Which rows a batch is read from, told apart cheaply by the form of a token. Those that are not
 * indexed have companion cells missing; they go with those in plaintext, too.
 */
export type RowFilter = "all" | "has-plaintext" | "has-tokens" | "unindexed"

/** The rows after one key up to another, both optional, in the order of the key. */
export interface PrimaryKeyRange {
  readonly after?: PrimaryKey | undefined
  readonly upTo?: PrimaryKey | undefined
}

/** Which rows to read, in the order that `after` and `upTo` compare by. */
export interface ReadOptions extends PrimaryKeyRange {
  readonly filter: RowFilter
  readonly limit: number
  /** Whether any rows will do, which may be found faster. */
  readonly anyOrder?: boolean
  /**
   * Whether to read what was committed last, though the transaction began before: a database whose
   * transactions would go on seeing old rows locks them.
   */
  readonly latest?: boolean
}

/** A row's key and the bytes in its encrypted columns. */
export interface RowSize {
  readonly key: PrimaryKey
  readonly bytes: number
}

/** How many rows there are, and the bytes in the encrypted columns of the largest. */
export interface RowCount {
  readonly rows: number
  readonly longest: number
}

/** What is known of a column in the database. */
export interface ColumnFacts {
  readonly name: string
  /** As the database spells it, with its length. */
  readonly type: string
  /** Whether cells of it are text. */
  readonly isText: boolean
  /** The characters it holds; `undefined` for no limit that matters. */
  readonly limit: number | undefined
  /** Whether a text in it may have a NUL character. */
  readonly holdsNul: boolean
  readonly nullable: boolean
  /** Whether the database computes it. */
  readonly generated: boolean
  /** Whether the database changes it when a row is changed. */
  readonly selfUpdating: boolean
  readonly collation?: string | undefined
}

/** What is known of a table in the database. */
export interface TableFacts {
  /** All columns; none if there is no such table. */
  readonly columns: readonly ColumnFacts[]
  readonly primaryKey: readonly string[]
  /** Sets of columns that are unique in all rows, the primary key among them. */
  readonly uniqueKeys: readonly (readonly string[])[]
  /** As {@link BulkTable.mustReread} says. */
  readonly mustReread: boolean
  /** Whether the database hides rows from this session, as row-level security does. */
  readonly hidesRows: boolean
  /** Tables whose rows are among those of this one, and for which its keys do not hold. */
  readonly heirs: readonly string[]
  /** Whether the server takes writes from this session, as a hot standby does not. */
  readonly takesWrites: boolean
  /** The storage engine, if it has no transactions. */
  readonly engineWithoutTransactions: string | undefined
}

/** Why a statement failed, if trying again makes sense. */
export type Transience = "connection" | "lock" | undefined

/** How a batch is written. */
export interface WriteOptions {
  /** Whether a transaction is open that the write is to be part of. */
  readonly inTransaction: boolean
  /** Whether to leave out the rows that others have locked, instead of waiting for them. */
  readonly skipLocked: boolean
}

/** What differs between databases in bulk work, and only that. */
export interface Dialect {
  /** Quotes an identifier. */
  escape(identifier: string): string

  /** Columns and keys of a table, keys in their order. */
  describe(connection: Connection, path: string): Promise<TableFacts>

  /** Whether several rows have one key, where no unique key keeps them from it. */
  hasEqualKeys(connection: Connection, table: BulkTable): Promise<boolean>

  /** Counts and measures the rows that pass a filter. */
  count(connection: Connection, table: BulkTable, filter: RowFilter): Promise<RowCount>

  /** Returns the length in bytes of the longest cell of a column that does not begin as tokens do. */
  longestPlaintext(connection: Connection, table: BulkTable, column: string): Promise<number>

  /** Reads rows in the order of the key. */
  read(connection: Connection, table: BulkTable, options: ReadOptions): Promise<Batch>

  /** Measures the rows that {@link read} would read. */
  measure(
    connection: Connection,
    table: BulkTable,
    options: ReadOptions,
  ): Promise<readonly RowSize[]>

  /**
   * Changes rows of a batch whose cells still are what had been read: a concurrent write wins. What
   * the database holds afterwards is compared with what was meant; if a row holds something else, as
   * a trigger may see to, nothing is changed.
   *
   */
  write(
    connection: Connection,
    table: BulkTable,
    changes: Changes,
    options: WriteOptions,
  ): Promise<WriteResult>

  /** Whether rows that others have locked can be left out of a write. */
  readonly skipsLocked: boolean

  /** Characters of a row beyond which it has to be written by itself; `undefined` for no limit. */
  readonly longestInCompany?: number

  /**
   * Returns the condition that passes one of `count` equal parts of the rows, by a hash of the key;
   * `undefined` if the database has no hash function. Not by cuts of the key space: keys that tell the
   * time, as UUIDs of version 7, or that count up, would lie in one of them. The price is that a run
   * reads past the rows of other parts.
   */
  shardCondition(table: BulkTable, index: number, count: number): string | undefined

  /**
   * Returns the condition that passes about a fraction of the rows, by a hash of the key: the same
   * rows whenever it is asked.
   *
   * @param seed - random hexadecimal digits, at least 64, which decide which rows those are
   */
  sampleCondition(table: BulkTable, fraction: number, seed: string): string

  /**
   * Makes a session fit for a run: nothing is cut to fit, no limit of the role or the server stops a
   * statement, and none waits long for a lock. Returns how to undo that.
   *
   * @param lockTimeoutMs - `undefined` to leave in place what the caller waits for
   */
  prepareSession(
    connection: Connection,
    lockTimeoutMs: number | undefined,
  ): Promise<() => Promise<void>>

  /** Returns the statement that frees the room of old rows, if the database has need of one. */
  readonly vacuum?: (table: BulkTable) => string

  /**
   * Whether a lock lasts as long as a transaction, which must be that of a connection with nothing
   * else to do. Defaults to `false`.
   */
  readonly locksByTransaction?: boolean

  /**
   * Takes the lock that tells runs on one part of a table from each other. Returns how to give it
   * back, or `undefined` if another run has it. A database without such locks takes it for granted.
   *
   * @param inTransaction - whether a transaction is open, which may fail and then ends by itself
   */
  tryLock(
    connection: Connection,
    table: BulkTable,
    part: string,
    inTransaction: boolean,
  ): Promise<(() => Promise<void>) | undefined>

  /** Says whether and why a failed statement may succeed when it is tried again. */
  transience(error: unknown): Transience
}
