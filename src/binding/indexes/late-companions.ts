import type { DataSource, EntityMetadata, ObjectLiteral, QueryBuilder, QueryRunner } from "typeorm"

import { driverFacts } from "../../dialect/driver-facts"
import { boundColumn } from "../columns/bound-column"
import { propertyKeys } from "../columns/property-keys"
import {
  builderInternalsOf,
  type ColumnMetadata,
  type ExpressionMap,
  plainValueOf,
} from "../typeorm-internals"
import type { Companion } from "./companion"

/** A statement that wrote only some of the properties that companions cover. */
export interface PartialWrite {
  readonly dataSource: DataSource
  readonly map: ExpressionMap
  /** That of the statement, so that it is the same transaction. */
  readonly runner: QueryRunner | undefined
  /** Companions that the statement left at NULL. */
  readonly companions: ReadonlySet<Companion>
}

/**
 * Executes a statement and what completes it, in one transaction: else a process that ends between the
 * two would leave rows that no search finds, and a value that is not unique would stay.
 */
export async function atOnce<Result>(
  dataSource: DataSource,
  builder: QueryBuilder<ObjectLiteral>,
  work: () => Promise<Result>,
): Promise<Result> {
  const internals = builderInternalsOf(builder)
  const given = internals.queryRunner
  if (given?.isTransactionActive) return work()
  const runner = given ?? dataSource.createQueryRunner("master")
  try {
    internals.queryRunner = runner
    await runner.startTransaction()
    const result = await work()
    await runner.commitTransaction()
    return result
  } catch (error) {
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined)
    throw error
  } finally {
    internals.queryRunner = given
    if (runner !== given) await runner.release()
  }
}

type Row = Readonly<Record<string, unknown>>

/** Rows that are looked for by one statement. */
const ROWS_AT_ONCE = 200

/**
 * Gives the rows that a statement wrote the companions that it left at NULL, from what they hold now. One
 * that changes meanwhile is left to whoever changed it.
 */
export async function completeCompanions(write: PartialWrite): Promise<void> {
  const { map, dataSource } = write
  const { mainAlias } = map
  if (!mainAlias?.hasMetadata) return
  const wanted = writtenKeys(map, mainAlias.metadata)
  const runner = write.runner ?? dataSource.createQueryRunner("master")
  try {
    for (let at = 0; at < wanted.length; at += ROWS_AT_ONCE) {
      const conditions = wanted.slice(at, at + ROWS_AT_ONCE)
      for (const companion of write.companions) {
        await complete(
          new Completion(dataSource, mainAlias.metadata, companion),
          conditions,
          runner,
        )
      }
    }
  } finally {
    if (runner !== write.runner) await runner.release()
  }
}

/** Returns a condition for each key of each row that a statement may have written. */
function writtenKeys(map: ExpressionMap, metadata: EntityMetadata): readonly ObjectLiteral[] {
  const { primaryColumns, uniques, indices } = metadata
  if (map.queryType === "update") {
    return map.whereEntities.map((entity) => conditionBy(primaryColumns, entity) ?? {})
  }
  const conflict: unknown = map.onUpdate?.conflict
  const named = Array.isArray(conflict) ? (conflict as readonly string[]) : []
  const keys: readonly (readonly ColumnMetadata[])[] = [
    primaryColumns,
    named.flatMap((name) => metadata.findColumnWithDatabaseName(name) ?? []),
    // MySQL overwrites by whatever key there is
    ...[...uniques, ...indices.filter(({ isUnique }) => isUnique)].map(({ columns }) => columns),
  ]
  const rows = [map.valuesSet ?? []].flat() as readonly ObjectLiteral[]
  const conditions = rows.flatMap((row) => keys.map((key) => conditionBy(key, row)))
  return conditions.filter((one) => one !== undefined)
}

/** Returns the condition that a row has the values of an object in some columns, if that has them. */
function conditionBy(
  columns: readonly ColumnMetadata[],
  values: ObjectLiteral,
): ObjectLiteral | undefined {
  const condition: ObjectLiteral = {}
  for (const column of columns) {
    const value = plainValueOf(column, values)
    if (value === undefined || value === null || typeof value === "function") return undefined
    setAt(condition, propertyKeys(column), value)
  }
  return columns.length > 0 ? condition : undefined
}

function setAt(
  object: Record<string, unknown>,
  [key = "", ...rest]: readonly string[],
  value: unknown,
): void {
  if (rest.length === 0) object[key] = value
  else setAt((object[key] ??= {}) as Record<string, unknown>, rest, value)
}

async function complete(
  completion: Completion,
  conditions: readonly ObjectLiteral[],
  runner: QueryRunner,
): Promise<void> {
  for (const row of await completion.read(conditions, runner)) {
    const digest = completion.digestOf(row)
    if (digest !== completion.storedIn(row)) await completion.store(row, digest, runner)
  }
}

/** TypeORM 0.3 takes parameters that are not escaped as well. */
type EscapeQuery = (
  sql: string,
  parameters: ObjectLiteral,
  native: ObjectLiteral,
) => readonly [sql: string, parameters: readonly unknown[]]

/** How one companion is read, computed and stored. */
class Completion {
  readonly #dataSource: DataSource
  readonly #metadata: EntityMetadata
  readonly #companion: Companion
  readonly #columns: readonly ColumnMetadata[]

  constructor(dataSource: DataSource, metadata: EntityMetadata, companion: Companion) {
    this.#dataSource = dataSource
    this.#metadata = metadata
    this.#companion = companion
    this.#columns = [companion.column, ...metadata.primaryColumns, ...companion.sources]
  }

  read(conditions: readonly ObjectLiteral[], runner: QueryRunner): Promise<readonly Row[]> {
    const builder = this.#dataSource
      .createQueryBuilder<ObjectLiteral>(this.#metadata.target, "written", runner)
      .withDeleted()
      .select([])
      .where([...conditions])
    for (const column of this.#columns) {
      builder.addSelect(`written.${column.propertyPath}`, this.#aliasOf(column))
    }
    return builder.getRawMany<Row>()
  }

  storedIn(row: Row): unknown {
    return row[this.#aliasOf(this.#companion.column)]
  }

  /** @throws {@link DecryptionError} if the row holds what cannot be read */
  digestOf(row: Row): string | null | undefined {
    const entity: ObjectLiteral = {}
    for (const source of this.#companion.sources) {
      source.setEntityValue(entity, boundColumn(source)?.read(row[this.#aliasOf(source)]))
    }
    return this.#companion.persisted(this.#companion.valueIn(entity))
  }

  async store(row: Row, digest: string | null | undefined, runner: QueryRunner): Promise<void> {
    const { driver } = this.#dataSource
    const { column, sources } = this.#companion
    const table = this.#metadata.tablePath.split(".").map((name) => driver.escape(name))
    const unchanged = [
      ...this.#metadata.primaryColumns.map((key) => this.#equals(key, row)),
      ...sources.map((source) => this.#equals(source, row)),
    ]
    const [sql, parameters] = (driver.escapeQueryWithParameters as EscapeQuery).call(
      driver,
      `UPDATE ${table.join(".")} SET ${driver.escape(column.databaseName)} = :digest ` +
        `WHERE ${unchanged.join(" AND ")}`,
      { ...row, digest: digest ?? null },
      {},
    )
    await runner.query(sql, [...parameters])
  }

  #equals(column: ColumnMetadata, row: Row): string {
    const { driver, options } = this.#dataSource
    const [name, alias] = [driver.escape(column.databaseName), this.#aliasOf(column)]
    if (row[alias] === null) return `${name} IS NULL`
    const isCell = boundColumn(column) !== undefined
    return isCell && driverFacts(options.type).castsToBytes === true
      ? `CAST(${name} AS BINARY) = :${alias}`
      : `${name} = :${alias}`
  }

  #aliasOf(column: ColumnMetadata): string {
    return `column_${this.#columns.indexOf(column)}`
  }
}
