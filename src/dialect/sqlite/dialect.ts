import { type Cell, cellAfter, type Changes, type PrimaryKey } from "../batch"
import type { Connection, Prepare } from "../connection"
import type { BulkTable, Dialect } from "../dialect"
import { proveChanges, type WriteResult } from "../proof"
import { readingIn, type Spelling } from "../reading"
import { Values, whereClause } from "../sql"
import { driverCodeOf } from "../statement-error"
import { sqliteLeaf, sqliteToken } from "../token-condition"
import { describeSqliteTable } from "./table"

const spelling: Spelling = {
  escape,
  placeholder: () => "?",
  cell: cellText,
  bytes: (column) => `length(CAST(t.${escape(column)} AS BLOB))`,
  isToken: sqliteToken,
  hasTokens: sqliteLeaf,
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

/**
 * Changes one row after the other: prepared once, a statement costs less than one for many rows. What
 * they hold is read afterwards: RETURNING costs more, and shows a row before triggers come after it.
 */
function writeRows(prepare: Prepare, table: BulkTable, changes: Changes): WriteResult {
  const { batch } = changes
  const update = prepare(updateStatement(table))
  const rows = changes.rows.filter((row) => {
    const values = [
      ...batch.cells.map((_, i) => cellAfter(changes, i, row)),
      ...batch.primaryKeyAt(row),
      ...batch.cells.map((column) => column[row] ?? null),
    ]
    return update.change(values) > 0
  })
  if (holdAsMeant(prepare, table, { ...changes, rows })) return { changed: rows.length }
  const read = prepare(rowStatement(table))
  const result = proveChanges({ ...changes, rows }, rows.length, (row) => {
    return read.first(batch.primaryKeyAt(row)) as readonly Cell[] | undefined
  })
  if (result.altered) throw new AlteredRow(result.altered)
  return result
}

/**
 * Whether rows hold what was meant, if they lie in the table one behind the other: to read them so takes
 * half as long as each by its key. `false` where that is to be found out row by row.
 */
function holdAsMeant(prepare: Prepare, table: BulkTable, changes: Changes): boolean {
  const { batch, rows } = changes
  const [first, last] = [rows[0], rows.at(-1)]
  if (first === undefined || last === undefined) return true
  const values = new Values(spelling.placeholder)
  const within = [
    keyComparison(table, ">=", batch.primaryKeyAt(first), values),
    keyComparison(table, "<=", batch.primaryKeyAt(last), values),
  ]
  const keys = table.key.map(spelling.keyRead)
  const found = prepare(
    `SELECT ${[...keys, ...table.columns.map(cellText)].join(", ")} FROM ${table.path} AS t` +
      `${whereClause(...within)} ORDER BY ${keys.join(", ")} LIMIT ${rows.length + 1}`,
  ).all(values.list)
  return (
    found.length === rows.length && rows.every((row, i) => isAsMeant(found[i] ?? [], changes, row))
  )
}

/** @param held - its key, and then its cells */
function isAsMeant(held: readonly unknown[], changes: Changes, row: number): boolean {
  const key = changes.batch.primaryKeyAt(row)
  return held.every((value, i) => {
    return value === (i < key.length ? key[i] : cellAfter(changes, i - key.length, row))
  })
}

function rowStatement({ path, key, columns }: BulkTable): string {
  const isRow = key.map(({ name }) => `t.${escape(name)} = ?`)
  return `SELECT ${columns.map(cellText).join(", ")} FROM ${path} AS t${whereClause(...isRow)}`
}

function updateStatement({ path, key, columns }: BulkTable): string {
  const set = columns.map((name) => `${escape(name)} = ?`)
  const conditions = [
    ...key.map(({ name }) => `t.${escape(name)} = ?`),
    ...columns.map((name) => `${cellText(name)} IS ?`),
  ]
  return `UPDATE ${path} AS t SET ${set.join(", ")}${whereClause(...conditions)}`
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
