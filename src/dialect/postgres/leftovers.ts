import type { Looking } from "../conversions/conversion"
import type { Leftover } from "../schema-dialect"
import { escape } from "./expressions"

/** Before PostgreSQL 12, there is no attgenerated to select. */
const DEFAULTS = `
  SELECT a.attname AS name FROM pg_attrdef d
  JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  WHERE d.adrelid = to_regclass($1) AND a.attname = ANY ($2)
    AND coalesce(to_jsonb(a) ->> 'attgenerated', '') = '' AND pg_get_expr(d.adbin, d.adrelid) !~ '^NULL'
  ORDER BY a.attnum`

/** An index whose condition alone asks whether the column is NULL goes on working. */
const INDEXES = `
  SELECT a.attname AS name, c.relname AS index, n.nspname AS schema, i.indisunique AS unique,
    o.conname AS constraint
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = i.indrelid
  LEFT JOIN pg_constraint o ON o.conindid = i.indexrelid AND o.conrelid = i.indrelid AND o.contype IN ('u', 'x')
  WHERE i.indrelid = to_regclass($1) AND a.attname = ANY ($2) AND NOT i.indisprimary AND (
    EXISTS (SELECT FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
      WHERE k.attnum = a.attnum AND k.place <= i.indnkeyatts)
    OR i.indexprs IS NOT NULL AND EXISTS (SELECT FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
        AND d.refobjid = i.indrelid AND d.refobjsubid = a.attnum))
  ORDER BY a.attnum, c.relname`

/** Asks PostgreSQL what columns have that does not go with tokens. */
export async function postgresLeftovers(
  connection: Looking,
  path: string,
  columns: readonly string[],
): Promise<readonly Leftover[]> {
  const defaults = await connection.query(DEFAULTS, [path, columns])
  const indexes = await connection.query(INDEXES, [path, columns])
  return [
    ...defaults.rows.map(({ name }) => ({
      column: String(name),
      kind: "default" as const,
      drop: `ALTER TABLE ${path} ALTER COLUMN ${escape(String(name))} DROP DEFAULT`,
    })),
    ...indexes.rows.map(({ name, index, schema, unique, constraint }) => ({
      column: String(name),
      kind: unique === true ? ("unique" as const) : ("index" as const),
      name: String(index),
      drop:
        typeof constraint === "string"
          ? `ALTER TABLE ${path} DROP CONSTRAINT ${escape(constraint)}`
          : `DROP INDEX ${escape(String(schema))}.${escape(String(index))}`,
    })),
  ]
}
