import { type ColumnUse, type ColumnUseKind, type FindUses, names } from "../column-uses"
import type { ResultRow } from "../connection"

/** Asks the catalogue of PostgreSQL, and the texts of functions, which depend on nothing. */
export const findPostgresUses: FindUses = async (connection, { path, column }) => {
  const dependents = await connection.query(DEPENDENTS, [path, column])
  const triggers = await connection.query(TRIGGERS, [path])
  const functions = await connection.query(FUNCTIONS)
  const byText = (kind: ColumnUseKind, rows: readonly ResultRow[]): readonly ColumnUse[] =>
    rows
      .filter(
        ({ source }) => names(source, column) || (kind === "trigger" && takesWholeRow(source)),
      )
      .map(({ name, remove }) => ({
        kind,
        name: String(name),
        byText: true,
        remove: textOf(remove),
      }))
  return [
    ...dependents.rows.map(({ kind, name, remove }): ColumnUse => ({
      kind: kind as ColumnUseKind,
      name: String(name),
      byText: false,
      remove: textOf(remove),
    })),
    ...byText("trigger", triggers.rows),
    ...byText("function", functions.rows),
  ]
}

/** As one that keeps what a row was for an audit, in plaintext. */
function takesWholeRow(source: unknown): boolean {
  return (
    typeof source === "string" && /\b(?:old|new)\b(?!\s*\.\s*[a-z_"])/i.test(withoutReturn(source))
  )
}

function withoutReturn(source: string): string {
  return source.replaceAll(/\breturn\s+(?:old|new)\b/gi, "")
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined
}

/**
 * A rule is named by its view, and a column's own default is not what computes it. From version 18 on
 * NOT NULL is a constraint too.
 */
const DEPENDENTS = `
  SELECT DISTINCT CASE d.classid::regclass::text
      WHEN 'pg_class' THEN CASE WHEN i.relkind IN ('i', 'I') THEN 'index' ELSE 'other' END
      WHEN 'pg_rewrite' THEN CASE WHEN v.relkind IN ('v', 'm') THEN 'view' ELSE 'rule' END
      WHEN 'pg_trigger' THEN 'trigger'
      WHEN 'pg_policy' THEN 'policy'
      WHEN 'pg_publication_rel' THEN 'publication'
      WHEN 'pg_proc' THEN 'function'
      WHEN 'pg_attrdef' THEN CASE WHEN coalesce(to_jsonb(g) ->> 'attgenerated', '') <> ''
        THEN 'generated column' ELSE 'default' END
      WHEN 'pg_constraint' THEN CASE c.contype
        WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' ELSE 'index' END
      ELSE 'other' END AS kind,
    CASE WHEN v.relkind IN ('v', 'm') THEN v.oid::regclass::text
      ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END AS name,
    CASE d.classid::regclass::text
      WHEN 'pg_class' THEN CASE WHEN i.relkind IN ('i', 'I') THEN 'DROP INDEX ' || i.oid::regclass END
      WHEN 'pg_rewrite' THEN CASE v.relkind
        WHEN 'v' THEN 'DROP VIEW ' || v.oid::regclass
        WHEN 'm' THEN 'DROP MATERIALIZED VIEW ' || v.oid::regclass
        ELSE 'DROP RULE ' || quote_ident(r.rulename) || ' ON ' || v.oid::regclass END
      WHEN 'pg_trigger' THEN 'DROP TRIGGER ' || quote_ident(t.tgname) || ' ON ' || t.tgrelid::regclass
      WHEN 'pg_policy' THEN 'DROP POLICY ' || quote_ident(o.polname) || ' ON ' || o.polrelid::regclass
      WHEN 'pg_publication_rel' THEN 'ALTER PUBLICATION ' || quote_ident(u.pubname) ||
        ' DROP TABLE ' || s.prrelid::regclass
      WHEN 'pg_attrdef' THEN 'ALTER TABLE ' || f.adrelid::regclass || ' ALTER COLUMN ' ||
        quote_ident(g.attname) || CASE WHEN coalesce(to_jsonb(g) ->> 'attgenerated', '') <> ''
        THEN ' DROP EXPRESSION' ELSE ' DROP DEFAULT' END
      WHEN 'pg_constraint' THEN 'ALTER TABLE ' || c.conrelid::regclass || ' DROP CONSTRAINT ' ||
        quote_ident(c.conname)
      END AS remove
  FROM pg_attribute a
  JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid
    AND d.refobjsubid = a.attnum
  LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
  LEFT JOIN pg_class v ON v.oid = r.ev_class
  LEFT JOIN pg_class i ON d.classid = 'pg_class'::regclass AND i.oid = d.objid
  LEFT JOIN pg_trigger t ON d.classid = 'pg_trigger'::regclass AND t.oid = d.objid
  LEFT JOIN pg_policy o ON d.classid = 'pg_policy'::regclass AND o.oid = d.objid
  LEFT JOIN pg_publication_rel s ON d.classid = 'pg_publication_rel'::regclass AND s.oid = d.objid
  LEFT JOIN pg_publication u ON u.oid = s.prpubid
  LEFT JOIN pg_constraint c ON d.classid = 'pg_constraint'::regclass AND c.oid = d.objid
  LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
  LEFT JOIN pg_attribute g ON g.attrelid = f.adrelid AND g.attnum = f.adnum
  WHERE a.attrelid = to_regclass($1) AND a.attname = $2 AND c.contype IS DISTINCT FROM 'n'
  UNION
  SELECT 'partition', 'the partitions of ' || p.partrelid::regclass::text, NULL
  FROM pg_partitioned_table p
  JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs::int2[])
  WHERE p.partrelid = to_regclass($1) AND a.attname = $2
  ORDER BY 1, 2`

/** What is called for every row of the table. */
const TRIGGERS = `
  SELECT DISTINCT 'trigger ' || quote_ident(t.tgname) || ' by ' || p.oid::regprocedure::text AS name,
    p.prosrc AS source, 'DROP TRIGGER ' || quote_ident(t.tgname) || ' ON ' || t.tgrelid::regclass AS remove
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
