import { type ColumnUse, type ColumnUseKind, type FindUses, names } from "../column-uses"
import type { ResultRow } from "../connection"

/** Asks the catalogue of PostgreSQL, and the texts of functions, which depend on nothing. */
export const findPostgresUses: FindUses = async (connection, { path, column }) => {
  const dependents = await connection.query(DEPENDENTS, [path, column])
  const triggers = await connection.query(TRIGGERS, [path])
  const functions = await connection.query(FUNCTIONS)
  const byText = (kind: ColumnUseKind, rows: readonly ResultRow[]): readonly ColumnUse[] =>
    rows
      .filter(({ source }) => names(source, column))
      .map(({ name }) => ({ kind, name: String(name), byText: true }))
  return [
    ...dependents.rows.map(({ kind, name }): ColumnUse => ({
      kind: kind as ColumnUseKind,
      name: String(name),
      byText: false,
    })),
    ...byText("trigger", triggers.rows),
    ...byText("function", functions.rows),
  ]
}

/**
 * A rule is named by its view, and a column's own default is not what computes it. From version 18 on
 * NOT NULL is a constraint too.
 */
const DEPENDENTS = `
  SELECT DISTINCT CASE d.classid::regclass::text
      WHEN 'pg_class' THEN 'index'
      WHEN 'pg_rewrite' THEN 'view'
      WHEN 'pg_trigger' THEN 'trigger'
      WHEN 'pg_policy' THEN 'policy'
      WHEN 'pg_proc' THEN 'function'
      WHEN 'pg_attrdef' THEN CASE WHEN coalesce(to_jsonb(g) ->> 'attgenerated', '') <> ''
        THEN 'generated column' ELSE 'default' END
      WHEN 'pg_constraint' THEN CASE c.contype
        WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' ELSE 'index' END
      ELSE 'other' END AS kind,
    coalesce(r.ev_class::regclass::text, pg_describe_object(d.classid, d.objid, d.objsubid)) AS name
  FROM pg_attribute a
  JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid
    AND d.refobjsubid = a.attnum
  LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
  LEFT JOIN pg_constraint c ON d.classid = 'pg_constraint'::regclass AND c.oid = d.objid
  LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
  LEFT JOIN pg_attribute g ON g.attrelid = f.adrelid AND g.attnum = f.adnum
  WHERE a.attrelid = to_regclass($1) AND a.attname = $2 AND c.contype IS DISTINCT FROM 'n'
  UNION
  SELECT 'partition', 'the partitions of ' || p.partrelid::regclass::text
  FROM pg_partitioned_table p
  JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs::int2[])
  WHERE p.partrelid = to_regclass($1) AND a.attname = $2
  ORDER BY 1, 2`

/** What is called for every row of the table. */
const TRIGGERS = `
  SELECT DISTINCT 'trigger ' || quote_ident(t.tgname) || ' by ' || p.oid::regprocedure::text AS name,
    p.prosrc AS source
  FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
  WHERE t.tgrelid = to_regclass($1) AND NOT t.tgisinternal ORDER BY 1`

/** Those of extensions know nothing of the application's columns. */
const FUNCTIONS = `
  SELECT p.oid::regprocedure::text AS name, p.prosrc AS source
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND p.prorettype <> 'trigger'::regtype
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
      AND d.objid = p.oid AND d.deptype = 'e')
  ORDER BY 1`
