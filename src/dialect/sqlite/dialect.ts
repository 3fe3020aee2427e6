import { type Changes, cellAfter, type Key } from "../batch"
import type { Connection } from "../connection"
import type { BulkTable, Dialect } from "../dialect"
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
 * @param runEach - runs a statement once for each list of values
 */
export function sqliteDialect(runEach: NonNullable<Connection["runEach"]>): Dialect {
  return {
    ...readingIn(spelling),

    describe: describeSqliteTable,

    write: (_, table, changes) => runEach(updateStatement(table), updateValues(changes)),

    // Its triggers cannot change what is written; and others share the connection and its transaction
    rehearse: () => Promise.resolve(true),

    shardCondition: () => undefined,

    async boundLockWaits(connection, milliseconds) {
      const { rows } = await connection.query("PRAGMA busy_timeout")
      await connection.query(`PRAGMA busy_timeout = ${Math.ceil(milliseconds)}`)
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

/** Changes one row: prepared once, it costs less than one statement for many. */
function updateStatement({ path, key, columns }: BulkTable): string {
  const set = columns.map((name) => `${escape(name)} = ?`)
  const conditions = [
    ...key.map(({ name }) => `t.${escape(name)} = ?`),
    ...columns.map((name) => `${cellText(name)} IS ?`),
  ]
  return `UPDATE ${path} AS t SET ${set.join(", ")}${whereClause(...conditions)}`
}

function updateValues(changes: Changes): readonly (readonly unknown[])[] {
  const { batch, rows } = changes
  return rows.map((row) => [
    ...batch.cells.map((_, i) => cellAfter(changes, i, row)),
    ...batch.keyAt(row),
    ...batch.cells.map((column) => column[row] ?? null),
  ])
}

/** Text, though a column may hold a blob; of no collation, since a cast has none. */
function cellText(column: string): string {
  return `CAST(t.${escape(column)} AS TEXT)`
}

function keyComparison({ key }: BulkTable, operator: string, bound: Key, values: Values): string {
  const names = key.map(({ name }) => `t.${escape(name)}`)
  return `(${names.join(", ")}) ${operator} (${bound.map((value) => values.add(value)).join(", ")})`
}

function escape(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}
