import type { Connection, ResultRow } from "../connection"
import type { ColumnFacts, TableFacts } from "../dialect"

/** Types whose values are text as they stand; `character` is none, since it pads, and no array is. */
const TEXT_TYPES = /^(?:text|character varying|varchar|citext)\b(?!.*\[\]$)/

/** The bit of `pg_trigger.tgtype` of triggers whose work a statement returns. */
const BEFORE = 2

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
  const late = await connection.query(
    "WITH RECURSIVE part AS (SELECT to_regclass($1)::oid AS oid UNION " +
      "SELECT i.inhrelid FROM pg_inherits i JOIN part ON i.inhparent = part.oid) " +
      "SELECT EXISTS (SELECT FROM pg_trigger g JOIN part ON g.tgrelid = part.oid " +
      `WHERE NOT g.tgisinternal AND g.tgenabled <> 'D' AND g.tgtype & ${BEFORE} = 0) OR ` +
      "EXISTS (SELECT FROM pg_rewrite r JOIN part ON r.ev_class = part.oid AND r.ev_type <> '1') AS late",
    [path],
  )
  // As check_enable_rls() decides it
  const session = await connection.query(
    "SELECT current_setting('transaction_read_only') = 'off' AS writable, " +
      "EXISTS (SELECT FROM pg_class c, pg_roles r WHERE c.oid = to_regclass($1) " +
      "AND r.rolname = current_user AND c.relrowsecurity AND NOT (r.rolsuper OR r.rolbypassrls) AND " +
      "(c.relforcerowsecurity OR NOT pg_has_role(current_user, c.relowner, 'USAGE'))) AS hidden",
    [path],
  )
  const heirs = await connection.query(
    "SELECT i.inhrelid::regclass::text AS name FROM pg_inherits i " +
      "JOIN pg_class c ON c.oid = i.inhparent AND c.relkind = 'r' " +
      "WHERE i.inhparent = to_regclass($1) ORDER BY 1",
    [path],
  )
  const primary = keys.rows.find(({ indisprimary }) => indisprimary === true)
  return {
    columns: columns.rows.map(columnFacts),
    primaryKey: primary ? keyNames(primary) : [],
    uniqueKeys: keys.rows.map(keyNames),
    mustReread: late.rows[0]?.late === true,
    hidesRows: session.rows[0]?.hidden === true,
    takesWrites: session.rows[0]?.writable === true,
    heirs: heirs.rows.map(({ name }) => String(name)),
    engineWithoutTransactions: undefined,
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
    holdsNul: false,
    nullable: attnotnull !== true,
    generated: generated === true,
    selfUpdating: false,
  }
}
