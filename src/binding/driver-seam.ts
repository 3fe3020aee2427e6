import type { EntityMetadata, ObjectLiteral } from "typeorm"

import { isSealed } from "../column/sealed"
import { EncryptionError } from "../errors"
import { boundColumn } from "./columns/bound-column"
import { countedCell } from "./columns/counted-cell"
import { invalidValue } from "./columns/cell-codec"
import { encryptedColumnsOf } from "./columns/encrypted-columns"
import { CANARY, CANARY_TOKEN } from "./canary-value"
import type { ColumnMetadata, Driver } from "./typeorm-internals"
import { companionAt, companionsOf } from "./indexes/companion"
import { propertyOfOperand } from "./columns/comparison-operand"
import type { QuietStatements } from "./columns/quiet-statements"
import { noteSought } from "./columns/sought-plaintext"
import { unsupportedCondition } from "./queries/query-rules"

/**
 * Wraps public methods of one DataSource's driver, on the instance. Everything TypeORM writes passes
 * the first, everything it reads of a document the second, everything a database returns for an INSERT or
 * UPDATE the third, every statement of a query builder the fourth, and every statement the last.
 */
export function wrapDriver(driver: Driver, quiet: QuietStatements): void {
  encryptPersistedValues(driver)
  readDocuments(driver)
  decryptReturnedValues(driver)
  watchParameters(driver)
  quiet.wrapRunners(driver)
}

/** The one place where values are encrypted. */
function encryptPersistedValues(driver: Driver): void {
  const preparePersistentValue = driver.preparePersistentValue.bind(driver)
  driver.preparePersistentValue = (value: unknown, column: ColumnMetadata): unknown => {
    const bound = boundColumn(column)
    if (bound) return value === CANARY ? CANARY_TOKEN : countedCell(bound, value)
    if (isSealed(value)) throw sealedElsewhere(column)
    const companion = companionAt(column)
    return preparePersistentValue(companion ? companion.persisted(value) : value, column)
  }
}

/** A document reaches its column as the database's driver gives it, parsed or not. */
function readDocuments(driver: Driver): void {
  const prepareHydratedValue = driver.prepareHydratedValue.bind(driver)
  driver.prepareHydratedValue = (value: unknown, column: ColumnMetadata): unknown => {
    const bound = boundColumn(column)
    return bound && bound.paths.length > 0
      ? bound.from(value)
      : (prepareHydratedValue(value, column) as unknown)
  }
}

/**
 * TypeORM merges what RETURNING yields into the entity as it came from the database, so a token
 * would take the place of the value, and the next save would encrypt that token.
 */
function decryptReturnedValues(driver: Driver): void {
  const createGeneratedMap = driver.createGeneratedMap.bind(driver)
  driver.createGeneratedMap = (metadata, result, ...rest) => {
    const isPlain = encryptedColumnsOf(metadata).length === 0 && companionsOf(metadata).length === 0
    if (isPlain || !isRow(result)) return createGeneratedMap(metadata, result, ...rest)
    const [plain, encrypted] = partitionRow(metadata, result)
    const map = createGeneratedMap(metadata, plain, ...rest)
    if (encrypted.length === 0) return map
    const filled: ObjectLiteral = map ?? {}
    for (const [column, value] of encrypted) column.setEntityValue(filled, value)
    return filled
  }
}

type Row = Readonly<Record<string, unknown>>

function isRow(result: unknown): result is Row {
  return (
    typeof result === "object" && result !== null && !Array.isArray(result) && !isReport(result)
  )
}

/**
 * MySQL answers a write without RETURNING by a report. Its `info` or `message` may be called like a
 * column, and is none of its cells.
 */
function isReport(result: object): boolean {
  const report = result as Row
  return ["fieldCount", "affectedRows", "serverStatus"].every((n) => typeof report[n] === "number")
}

function partitionRow(
  metadata: EntityMetadata,
  row: Row,
): [plain: Row, encrypted: (readonly [ColumnMetadata, unknown])[]] {
  const encrypted: (readonly [ColumnMetadata, unknown])[] = []
  const plain: Record<string, unknown> = {}
  for (const [name, cell] of Object.entries(row)) {
    const column = metadata.findColumnWithDatabaseName(name)
    const bound = column && boundColumn(column)
    if (bound) encrypted.push([column, bound.isSealed ? bound.given(cell) : bound.read(cell)])
    // Entities never hold what follows from their properties
    else if (column && companionAt(column)) continue
    else plain[name] = cell
  }
  return [plain, encrypted]
}

/**
 * The last guard: whatever path a comparison took into a query builder, its operand ends up among
 * the parameters, or spliced into the statement, and is refused before anything is sent.
 */
function watchParameters(driver: Driver): void {
  const escapeQueryWithParameters = driver.escapeQueryWithParameters.bind(driver)
  driver.escapeQueryWithParameters = (sql, parameters, ...rest) => {
    const escaped = escapeQueryWithParameters(sql, parameters, ...rest)
    refuseOperand(escaped[0])
    refuseOperand(escaped[1])
    noteSought(parameters, escaped[1])
    return escaped
  }
}

function refuseOperand(value: unknown): void {
  if (typeof value !== "string") {
    if (Array.isArray(value)) value.forEach(refuseOperand)
    if (isSealed(value)) throw sealedParameter()
    return
  }
  const property = propertyOfOperand(value)
  if (property !== undefined) throw unsupportedCondition(property, "nothing")
}

/** A driver would store what a sealed value is shown as, and the value would be lost. */
function sealedElsewhere({ entityMetadata, propertyPath }: ColumnMetadata): EncryptionError {
  return invalidValue(
    `${entityMetadata.name}.${propertyPath}`,
    "the property is not sealed, and a sealed value belongs to one that is; assign what its reveal() " +
      "returns",
  )
}

function sealedParameter(): EncryptionError {
  return new EncryptionError(
    "ERR_INVALID_VALUE",
    "A parameter of a statement is a sealed value, and is compared with no property that is encrypted. " +
      "Pass what its reveal() returns.",
  )
}
