import fc from "fast-check"

import { entities, type EntityName } from "../model/description"
import { memberOf, MEMBERS, valueOf } from "./condition"
import { memoized } from "./memoized"
import { askedIndex, comparedPath, sought, type Speaker, type Value } from "./speaker"

const OPERATORS = ["=", "<>", "!=", "IN", "NOT IN", "IS NULL", "IS NOT NULL", "LIKE", ">"] as const

/** A comparison in a caller's string. */
export interface Comparison {
  readonly alias: string
  readonly entity: EntityName
  readonly path: string
  readonly operator: (typeof OPERATORS)[number]
  readonly values: readonly Value[]
  /** Whether the column is named by its property, its database name, or that with quotes. */
  readonly spelling: "column" | "escaped" | "property"
  /** The member of a document that it is of. */
  readonly member?: string
  /** Whether the parameter comes first, as in `:a = root.email`. */
  readonly flipped: boolean
}

/** A condition that is a string, with its parameters. */
export interface Text {
  readonly kind: "text"
  readonly joint: "AND" | "OR"
  readonly comparisons: readonly Comparison[]
}

/** Strings of one or two comparisons under the given aliases. */
export function texts(scope: Readonly<Record<string, EntityName>>): fc.Arbitrary<Text> {
  const comparison = fc.oneof(
    ...Object.entries(scope).map(([alias, entity]) => comparisons(alias, entity)),
  )
  return fc.record({
    kind: fc.constant("text"),
    joint: fc.constantFrom("AND", "OR"),
    comparisons: fc.array(comparison, { minLength: 1, maxLength: 2 }),
  })
}

const comparisons = memoized((alias: string, entity: EntityName): fc.Arbitrary<Comparison> => {
  const { encrypted, documents, plain } = entities[entity]
  const on = (path: string): fc.Arbitrary<Comparison> => comparisonOf(alias, entity, path)
  return fc.oneof(
    fc.oneof(...encrypted.map((one) => on(one.path))),
    fc.oneof(...Object.keys(plain).map(on)),
    ...documents.map(({ path }) => ofMember(alias, entity, path)),
  )
})

function comparisonOf(alias: string, entity: EntityName, path: string): fc.Arbitrary<Comparison> {
  return fc.record<Comparison>({
    alias: fc.constant(alias),
    entity: fc.constant(entity),
    path: fc.constant(path),
    operator: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...OPERATORS.slice(0, -2)) },
      { weight: 1, arbitrary: fc.constantFrom(...OPERATORS) },
    ),
    values: fc.array(valueOf(entity, path), { minLength: 1, maxLength: 2 }),
    spelling: fc.constantFrom("property", "property", "column", "escaped"),
    flipped: fc.boolean(),
  })
}

function ofMember(alias: string, entity: EntityName, path: string): fc.Arbitrary<Comparison> {
  const given = fc.constantFrom("a", "b").map((value): Value => ({ kind: "given", value }))
  return fc
    .tuple(
      comparisonOf(alias, entity, path),
      fc.constantFrom(...MEMBERS),
      fc.array(given, { minLength: 1, maxLength: 2 }),
    )
    .map(([comparison, member, values]) => ({ ...comparison, member, values }))
}

/** SQL with named parameters. */
export interface Said {
  readonly sql: string
  readonly parameters: Readonly<Record<string, unknown>>
}

let parameters = 0

/** A string as one of the models puts it. */
export function speakText(speaker: Speaker, text: Text): Said {
  const all = text.comparisons.map((one) => speakComparison(speaker, one))
  return {
    sql: all.map(({ sql }) => sql).join(` ${text.joint} `),
    parameters: Object.assign({}, ...all.map((one) => one.parameters)) as Said["parameters"],
  }
}

function speakComparison(speaker: Speaker, comparison: Comparison): Said {
  const { entity, path, operator, values, flipped, member } = comparison
  const isAboutValues = !operator.startsWith("IS") && operator !== "LIKE" && operator !== ">"
  const index = isAboutValues ? askedIndex(entity, path) : undefined
  const column = spell(speaker, comparison, comparedPath(speaker, path, index))
  const spelt = member === undefined ? column : memberOf(speaker, column, member)
  if (operator.startsWith("IS")) return { sql: `${spelt} ${operator}`, parameters: {} }
  const name = `p${++parameters}`
  const said = values.map((value) => sought(speaker, value, index))
  if (operator.endsWith("IN")) {
    return { sql: `${spelt} ${operator} (:...${name})`, parameters: { [name]: said } }
  }
  const sql =
    flipped && operator !== "LIKE"
      ? `:${name} ${operator} ${spelt}`
      : `${spelt} ${operator} :${name}`
  return { sql, parameters: { [name]: said[0] } }
}

function spell(
  { dataSource }: Speaker,
  { alias, entity, spelling }: Comparison,
  path: string,
): string {
  const column = dataSource.getMetadata(entity).findColumnWithPropertyPath(path)
  const name = column?.databaseName ?? path
  const { driver } = dataSource
  if (spelling === "escaped") {
    return alias === "" ? driver.escape(name) : `${driver.escape(alias)}.${driver.escape(name)}`
  }
  const spelt = spelling === "property" ? path : name
  // Without an alias nothing is resolved, and PostgreSQL folds what is not quoted
  if (alias === "") return driver.escape(name)
  return `${alias}.${spelt}`
}
