import type { Connection, ResultRow } from "../connection"
import type { ColumnFacts, TableFacts } from "../dialect"

/** Types whose values are text as they stand; `character` is none, since it pads with spaces. */
const TEXT_TYPES = /^(?:text|character varying|varchar|citext)\b/

/** Asks PostgreSQL for the columns and keys of a table. */
export async function describePostgresTable(
  connection: Connection,
  path: string,
): Promise<TableFacts> {
  // Before PostgreSQL 12, there is no attgenerated to select
  const columns = await connection.query(
    "SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull, " +
      "coalesce(to_jsonb(a) ->> 'attgenerated', '') <> '' AS generated FROM pg_attribute a " +
      "WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped",
    [path],
  )
  const keys = await connection.query(
    "SELECT i.indisprimary, array_agg(a.attname::text ORDER BY k.place) AS names FROM pg_index i " +
      "CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place) " +
      "LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum " +
      "WHERE i.indrelid = to_regclass($1) AND i.indisunique AND i.indisvalid " +
      "AND i.indpred IS NULL AND i.indexprs IS NULL AND k.place <= i.indnkeyatts " +
      "GROUP BY i.indexrelid, i.indisprimary",
    [path],
  )
  const primary = keys.rows.find(({ indisprimary }) => indisprimary === true)
  return {
    columns: columns.rows.map(columnFacts),
    primaryKey: primary ? keyNames(primary) : [],
    uniqueKeys: keys.rows.map(keyNames),
  }
}

function keyNames({ names }: ResultRow): readonly string[] {
  return names as readonly string[]
}

function columnFacts({ name, type: format, attnotnull, generated }: ResultRow): ColumnFacts {
  const type = String(format)
  const [, length] = /\((\d+)\)/.exec(type) ?? []
  const isText = TEXT_TYPES.test(type)
  return {
    name: String(name),
    type,
    isText,
    limit: isText && length ? Number(length) : undefined,
    nullable: attnotnull !== true,
    generated: generated === true,
    selfUpdating: false,
  }
}
