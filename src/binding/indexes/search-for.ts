import type { DataSource, EntityMetadata, EntityTarget, ObjectLiteral } from "typeorm"

import { EncryptionError } from "../../errors"
import type { BlindSearchOptions } from "../../search/blind-equal"
import { boundColumn } from "../columns/bound-column"
import { tokenSought, unsealed } from "../columns/cell-codec"
import { channels } from "../events/channels"
import { withoutStatement } from "../events/statement"
import { Tally } from "../events/tally"
import { type Companion, companionsOf } from "./companion"

/**
 * Returns what the companion column of a blind index holds in rows with a value, under each key of
 * the ring, for conditions that are written as strings. The first is what a row written now holds.
 *
 * @param property - its path in the entity, as in `"email"` or `"contact.email"`; or, for an index
 * over several properties, an object with a value for each
 * @throws {@link EncryptionError} `ERR_COLUMN_MISUSE` if there is no such index, `ERR_INVALID_VALUE` if
 * the property cannot hold the value, `ERR_ALREADY_ENCRYPTED` if it is a token
 *
 * @example
 * ```ts
 * users.createQueryBuilder("user").where("user.email_bidx IN (:...emails)", {
 *   emails: searchFor(dataSource, User, "email", "alice@example.com"),
 * })
 * ```
 */
export function searchFor<Entity extends ObjectLiteral>(
  dataSource: DataSource,
  entity: EntityTarget<Entity>,
  property: string,
  value: unknown,
  options?: BlindSearchOptions,
): string[]
export function searchFor<Entity extends ObjectLiteral>(
  dataSource: DataSource,
  entity: EntityTarget<Entity>,
  values: Readonly<Record<string, unknown>>,
): string[]
export function searchFor<Entity extends ObjectLiteral>(
  dataSource: DataSource,
  entity: EntityTarget<Entity>,
  sought: string | Readonly<Record<string, unknown>>,
  value?: unknown,
  { index: name }: BlindSearchOptions = {},
): string[] {
  const metadata = dataSource.getMetadata(entity)
  const given = typeof sought === "string" ? { [sought]: value } : sought
  const values = Object.fromEntries(
    Object.entries(given).map(([path, one]) => [path, unsealed(`${metadata.name}.${path}`, one)]),
  )
  const paths = Object.keys(values)
  const companion = companionsOf(metadata).find(
    ({ index }) => covers(index, paths) && (name === undefined || index.name === name),
  )
  if (!companion) {
    throw new EncryptionError(
      "ERR_COLUMN_MISUSE",
      `${metadata.name}: there is no blind index over ${paths.join(" and ")}` +
        `${name === undefined ? "" : ` named ${name}`}. Declare it with ` +
        "@EncryptedColumn({ blindIndex: true }).",
    )
  }
  companion.index.members.forEach(({ property, path }, i) => {
    const source = companion.sources[i]
    if (source && boundColumn(source)?.isOwnToken(values[path])) throw tokenSought(property)
    if (values[path] !== null && values[path] !== undefined) return
    throw new EncryptionError(
      "ERR_INVALID_VALUE",
      `${property}: null and undefined are not values to search for. Use IS NULL.`,
    )
  })
  tellSought(dataSource, metadata, companion)
  return [...companion.index.searched(companion.index.members.map(({ path }) => values[path]))]
}

/** The statement that it is for is the caller's own. */
function tellSought(
  dataSource: DataSource,
  { name, tableName }: EntityMetadata,
  { index }: Companion,
): void {
  if (!channels.search.hasSubscribers) return
  const columns = index.members.map(({ property }) => property)
  const tally = new Tally(withoutStatement(dataSource, name, tableName))
  tally.tell([{ index: index.name, columns, values: 1 }], {})
}

function covers({ members }: Companion["index"], paths: readonly string[]): boolean {
  return members.length === paths.length && members.every(({ path }) => paths.includes(path))
}
