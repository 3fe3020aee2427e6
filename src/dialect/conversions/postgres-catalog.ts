import type { ResultRow } from "../connection"
import { type Looking, speltType } from "./conversion"
import type { PostgresType } from "./postgres"

/** What PostgreSQL knows of a column that is to have another type. */
export interface CatalogColumn extends PostgresType {
  readonly name: string
  /** The expression of its DEFAULT. */
  readonly default: string | undefined
  /** Its collation, escaped, if it is another than its type's own. */
  readonly collation: string | undefined
  /** What keeps its type from being changed, each to follow "it". */
  readonly obstacles: readonly string[]
}

/** Asks the catalogue for columns of a table by their names; those that are not there are left out. */
export async function readCatalog(
  connection: Looking,
  path: string,
  names: readonly string[],
): Promise<readonly CatalogColumn[]> {
  const { rows } = await connection.query(COLUMNS, [path, names])
  const dependents = await connection.query(DEPENDENTS, [path, names])
  return rows.map((row) => {
    const name = String(row.name)
    const objects = dependents.rows.filter((one) => one.name === name)
    return {
      name,
      type: String(row.type),
      base: String(row.base),
      ...(Array.isArray(row.labels) && { labels: row.labels.map(String) }),
      default: text(row.expression),
      collation: text(row.collation),
      obstacles: [
        ...ownObstacles(row),
        ...objects.map(({ object }) => `${String(object)} uses it`),
      ],
    }
  })
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined
}

function ownObstacles(row: ResultRow): readonly string[] {
  const obstacles: readonly (readonly [unknown, string])[] = [
    [row.generated, "it is computed by the database"],
    [row.identity, "it is an identity column"],
    [row.inherited, "it is inherited from another table"],
    [row.partitions, "the table is partitioned by it"],
  ]
  return obstacles.flatMap(([applies, obstacle]) => (applies === true ? [obstacle] : []))
}

/** The short names of types, which the catalogue writes in full. */
const ALIASES: readonly (readonly [RegExp, string])[] = [
  [/^varchar\b/, "character varying"],
  [/^(?:char|bpchar)\b/, "character"],
  [/^(?:int|int4|serial)$/, "integer"],
  [/^int2$/, "smallint"],
  [/^int8$/, "bigint"],
  [/^decimal\b/, "numeric"],
  [/^bool$/, "boolean"],
  [/^float4$/, "real"],
  [/^(?:float|float8|double)$/, "double precision"],
  [/^varbit\b/, "bit varying"],
  [/^timestamptz(\(\d\))?$/, "timestamp$1 with time zone"],
  [/^timestamp(\(\d\))?$/, "timestamp$1 without time zone"],
  [/^timetz(\(\d\))?$/, "time$1 with time zone"],
  [/^time(\(\d\))?$/, "time$1 without time zone"],
  [/^(character|bit)$/, "$1(1)"],
  [/^numeric\((\d+)\)$/, "numeric($1,0)"],
]

/** Asks for a type that a column is to have, by the name that a user gave it. */
export async function readType(connection: Looking, wished: string): Promise<PostgresType> {
  const { rows } = await connection.query(
    "SELECT (SELECT array_agg(e.enumlabel::text) FROM pg_enum e WHERE e.enumtypid = t.oid) AS labels, " +
      "CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS base, " +
      "format_type(t.oid, NULL) AS name FROM pg_type t WHERE t.oid = to_regtype($1)",
    [wished.replace(/ *\(.*?\)/, "")],
  )
  const { labels, base, name } = rows[0] ?? {}
  const type = ALIASES.reduce((spelt, alias) => spelt.replace(...alias), speltType(wished))
  return {
    type: typeof base === "string" || Array.isArray(labels) ? String(name) : type,
    base: typeof base === "string" ? base : type,
    ...(Array.isArray(labels) && { labels: labels.map(String) }),
  }
}

/** Before PostgreSQL 12, there is no attgenerated to select. */
const COLUMNS = `
  WITH RECURSIVE base AS (
    SELECT a.attnum, a.atttypid AS type, a.atttypmod AS modifier FROM pg_attribute a
    WHERE a.attrelid = to_regclass($1) AND a.attname = ANY ($2) AND NOT a.attisdropped
    UNION ALL
    SELECT b.attnum, t.typbasetype, t.typtypmod FROM base b
    JOIN pg_type t ON t.oid = b.type WHERE t.typtype = 'd'
  )
  SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
    format_type(b.type, b.modifier) AS base,
    (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e
      WHERE e.enumtypid = b.type) AS labels,
    (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
      WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) AS expression,
    CASE WHEN a.attcollation <> t.typcollation THEN (
      SELECT quote_ident(n.nspname) || '.' || quote_ident(c.collname) FROM pg_collation c
      JOIN pg_namespace n ON n.oid = c.collnamespace WHERE c.oid = a.attcollation
    ) END AS collation,
    coalesce(to_jsonb(a) ->> 'attgenerated', '') <> '' AS generated,
    a.attidentity <> '' AS identity, a.attinhcount > 0 AS inherited,
    EXISTS (SELECT FROM pg_partitioned_table p
      WHERE p.partrelid = a.attrelid AND a.attnum = ANY (p.partattrs::int2[])) AS partitions
  FROM base b
  JOIN pg_type u ON u.oid = b.type AND u.typtype <> 'd'
  JOIN pg_attribute a ON a.attrelid = to_regclass($1) AND a.attnum = b.attnum
  JOIN pg_type t ON t.oid = a.atttypid
  ORDER BY a.attnum`

/** A default is dropped, an index rebuilt, and a CHECK checked with the change; these are in its way. */
const DEPENDENTS = `
  SELECT a.attname AS name, pg_describe_object(d.classid, d.objid, d.objsubid) AS object
  FROM pg_attribute a
  JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid
    AND d.refobjsubid = a.attnum
  WHERE a.attrelid = to_regclass($1) AND a.attname = ANY ($2) AND (
    d.classid::regclass::text IN ('pg_rewrite', 'pg_trigger', 'pg_policy', 'pg_proc', 'pg_publication_rel')
    OR d.classid = 'pg_attrdef'::regclass AND NOT EXISTS (SELECT FROM pg_attrdef o
      WHERE o.oid = d.objid AND o.adrelid = a.attrelid AND o.adnum = a.attnum)
  )
  GROUP BY 1, 2 ORDER BY 1, 2`
