import { indexedProperty } from "./indexed-property"
import { unsupportedSkip } from "./query-rules"
import { isKeyword } from "./sql-scopes"
import type { SqlToken } from "./sql-tokens"
import { EXCLUDED, type Mention } from "./string-mentions"

const BETWEEN = ["IS", "DISTINCT", "FROM", "EXCLUDED"]

/** The tokens after a column in `column IS DISTINCT FROM EXCLUDED.column`. */
export const COMPARED_TOKENS: number = BETWEEN.length + [".", "column"].length

/**
 * Whether an upsert asks if it changes a column, as TypeORM has `skipUpdateIfNoValuesChanged` compiled.
 */
export function isUpsertComparison(tokens: readonly SqlToken[], { end }: Mention): boolean {
  return BETWEEN.every((word, i) => isKeyword(tokens[end + i], word))
}

/** Whether a column is the other side of such a question, which is answered with the first. */
export function isComparedWith(
  tokens: readonly SqlToken[],
  { alias, column, start }: Mention,
): boolean {
  const [before, ...words] = [4, 3, 2, 1].map((back) => tokens[start - back])
  return (
    alias === EXCLUDED &&
    words.every((word, i) => isKeyword(word, BETWEEN[i] ?? "")) &&
    before?.text === column.databaseName
  )
}

/**
 * Returns the SQL that an upsert changes an encrypted column. One token of a value differs from another,
 * so that the value is told by a blind index; where there is none yet, by that the column is NULL.
 *
 * @param table - what stands before the name of the column in the statement
 * @throws {@link UnsupportedQueryError} if no index tells one value from every other
 */
export function compareByIndex(
  { metadata, column, bound }: Mention,
  table: string,
  escape: (name: string) => string,
): string {
  const { companions } = indexedProperty(metadata, column, bound)
  const companion = companions.find(({ index }) => index.distinguishes)
  if (!companion) throw unsupportedSkip(bound.property)
  const cell = escape(column.databaseName)
  const digest = escape(companion.column.databaseName)
  return (
    `(${table}${digest} IS DISTINCT FROM EXCLUDED.${digest} OR ` +
    `(${table}${cell} IS NULL) <> (EXCLUDED.${cell} IS NULL))`
  )
}
