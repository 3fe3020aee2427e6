import { type Batch, type Cell, cellAfter, type Changes, type PrimaryKey } from "../batch"
import type { Connection, Prepare } from "../connection"
import type { BulkTable, Dialect } from "../dialect"
import { proveChanges, type WriteResult } from "../proof"
import { readingIn, type Spelling } from "../reading"
import { type Values, whereClause } from "../sql"
import { driverCodeOf } from "../statement-error"
import { sqliteToken } from "../token-condition"
import { describeSqliteTable } from "./table"

const spelling: Spelling = {
  escape,
  placeholder: () => "?",
  cell: cellText,
  bytes: (column) => `length(CAST(t.${escape(column)} AS BLOB))`,
  isToken: sqliteToken,
  keyRead: ({ name }) => `t.${escape(name)}`,
  keyOrder: ({ name }) => `t.${escape(name)}`,
  keyComparison,
}

/**
 * SQLite.
 *
 * @param atOnce - runs statements without anything between them
 */
export function sqliteDialect(atOnce: NonNullable<Connection["atOnce"]>): Dialect {
  return {
    ...readingIn(spelling),

    describe: describeSqliteTable,

    async write(_, table, changes) {
      try {
        return await atOnce((prepare) => writeRows(prepare, table, changes))
      } catch (error) {
        if (error instanceof AlteredRow) return { changed: 0, altered: error.key }
        throw error
      }
    },

    // The database file is locked as a whole
    skipsLocked: false,

    shardCondition: () => undefined,

    sampleCondition,

    async prepareSession(connection, lockTimeoutMs) {
      if (lockTimeoutMs === undefined) return () => Promise.resolve()
      const { rows } = await connection.query("PRAGMA busy_timeout")
      await connection.query(`PRAGMA busy_timeout = ${Math.ceil(lockTimeoutMs)}`)
      return async () => {
        await connection.query(`PRAGMA busy_timeout = ${Number(rows[0]?.timeout)}`)
      }
    },

    // The database file has one writer at a time anyway
    tryLock: () => Promise.resolve(() => Promise.resolve()),

    transience: (error) =>
      /^SQLITE_(?:BUSY|LOCKED)/.test(driverCodeOf(error)) ? "lock" : undefined,
  }
}

/** Thrown to undo a write. */
class AlteredRow extends Error {
  readonly key: PrimaryKey

  constructor(key: PrimaryKey) {
    super("A row was altered.")
    this.key = key
  }
}

/** Changes one row after the other: prepared once, a statement costs less than one for many rows. */
function writeRows(prepare: Prepare, table: BulkTable, changes: Changes): WriteResult {
  const { batch, rows } = changes
  const update = prepare(updateStatement(table))
  const changed = new Map<number, readonly Cell[]>()
  for (const row of rows) {
    const returned = update([
      ...batch.cells.map((_, i) => cellAfter(changes, i, row)),
      ...batch.primaryKeyAt(row),
      ...batch.cells.map((column) => column[row] ?? null),
    ])
    if (returned) changed.set(row, returned as readonly Cell[])
  }
  const cellsOf = table.mustReread
    ? rereadIn(prepare, table, batch)
    : (row: number) => changed.get(row)
  const result = proveChanges({ ...changes, rows: [...changed.keys()] }, changed.size, cellsOf)
  if (result.altered) throw new AlteredRow(result.altered)
  return result
}

/** What a statement returns is what a row held before triggers came after it. */
function rereadIn(
  prepare: Prepare,
  { path, key, columns }: BulkTable,
  batch: Batch,
): (row: number) => readonly Cell[] | undefined {
  const isRow = key.map(({ name }) => `t.${escape(name)} = ?`)
  const read = prepare(
    `SELECT ${columns.map(cellText).join(", ")} FROM ${path} AS t${whereClause(...isRow)}`,
  )
  return (row) => read(batch.primaryKeyAt(row)) as readonly Cell[] | undefined
}

function updateStatement({ path, key, columns }: BulkTable): string {
  const set = columns.map((name) => `${escape(name)} = ?`)
  const conditions = [
    ...key.map(({ name }) => `t.${escape(name)} = ?`),
    ...columns.map((name) => `${cellText(name)} IS ?`),
  ]
  // Its columns have no table's name there
  const returned = columns.map((name) => `CAST(${escape(name)} AS TEXT)`)
  return (
    `UPDATE ${path} AS t SET ${set.join(", ")}${whereClause(...conditions)} ` +
    `RETURNING ${returned.join(", ")}`
  )
}

/** Text, though a column may hold a blob; of no collation, since a cast has none. */
function cellText(column: string): string {
  return `CAST(t.${escape(column)} AS TEXT)`
}

/** Of a key as a literal, the last characters are looked at, which tell most keys apart. */
const HASHED_CHARACTERS = 16

/** A prime below which the cubes of numbers are as many as the numbers are. */
const HASH_SIZE = 1_000_037

/** How often a hash is mixed: cubes of sums that lie in a row lie anywhere. */
const HASH_ROUNDS = 3

/** SQLite has no hash function: a sum of the key's characters, each times a random number, is mixed. */
function sampleCondition({ key }: BulkTable, fraction: number, seed: string): string {
  const literal = key.map(({ name }) => `quote(t.${escape(name)})`).join(" || ")
  const random = (i: number): number => 1 + Number.parseInt(seed.slice(4 * i, 4 * i + 4), 16)
  const terms = Array.from({ length: HASHED_CHARACTERS }, (_, i) => {
    return `coalesce(unicode(substr(${literal}, -${i + 1}, 1)), 0) * ${random(i)}`
  })
  let hash = `SELECT (${terms.join(" + ")}) % ${HASH_SIZE} AS h`
  for (let round = 0; round < HASH_ROUNDS; round++) {
    hash = `SELECT (h * h % ${HASH_SIZE} * h + ${random(round)}) % ${HASH_SIZE} AS h FROM (${hash})`
  }
  return `(${hash}) < ${Math.ceil(fraction * HASH_SIZE)}`
}

function keyComparison(
  { key }: BulkTable,
  operator: string,
  bound: PrimaryKey,
  values: Values,
): string {
  const names = key.map(({ name }) => `t.${escape(name)}`)
  return `(${names.join(", ")}) ${operator} (${bound.map((value) => values.add(value)).join(", ")})`
}

function escape(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}
