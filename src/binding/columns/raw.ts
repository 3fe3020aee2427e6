import type { DataSource, EntityMetadata, EntityTarget, ObjectLiteral } from "typeorm"

import { DecryptionError, EncryptionError } from "../../errors"
import { mayBeToken } from "../../fernet/token-format"
import type { EventKey } from "../events/events"
import { rawKeys } from "../events/row-keys"
import { withoutStatement } from "../events/statement"
import { type Telling, toldAtOnce } from "../events/told-statement"
import { type BoundColumn, boundColumn } from "./bound-column"
import { countedCell } from "./counted-cell"
import { invalidValue } from "./cell-codec"
import { isDecrypted } from "./returned-rows"
import type { ColumnMetadata } from "../typeorm-internals"

/**
 * Returns the cell of a value for an encrypted property, to write it with a raw statement: a token,
 * unless the column is in one of the phases of a rolling deployment that still write plaintext. Two
 * tokens of one value differ, so a token finds nothing in a condition.
 *
 * @param property - its path in the entity, as in `"ssn"` or `"address.street"`
 * @returns the token, or `null` for `null`
 * @throws {@link EncryptionError} `ERR_INVALID_VALUE` if the column cannot hold the value,
 * `ERR_COLUMN_MISUSE` if the property is not an encrypted column
 *
 * @example
 * ```ts
 * await dataSource.query("UPDATE patient SET ssn = $1 WHERE id = $2", [
 *   encryptFor(dataSource, Patient, "ssn", "078-05-1120"), 1,
 * ])
 * ```
 */
export function encryptFor<Entity extends ObjectLiteral>(
  dataSource: DataSource,
  entity: EntityTarget<Entity>,
  property: string,
  value: unknown,
): string | null {
  const metadata = dataSource.getMetadata(entity)
  const column = encryptedProperty(metadata, property)
  const cell = toldAtOnce(telling(dataSource, metadata), () => countedCell(column, value))
  if (cell === undefined) {
    throw invalidValue(column.property, "there is no token for undefined; NULL is null")
  }
  return cell
}

/**
 * Decrypts the encrypted columns in rows that bypassed the entity: of `getRawMany()`, `query()` and
 * streams. Returns new rows and leaves everything else in them as it is.
 *
 * Without a mapping, a key belongs to an encrypted column if it is the column's name in the database
 * or ends with it after an alias, as in `patient_ssn`. Rows for which that does not settle it, as of
 * two joined tables with columns of one name, are refused: pass a mapping.
 *
 * A sealed column gives sealed values, which are decrypted when they are revealed.
 *
 * The `raw` of an insert, update or delete by a query builder is decrypted already, and returned as it is.
 *
 * @param rows - one row or several
 * @param mapping - which keys of a row hold which encrypted property, as in `{ holder: "ssn" }`;
 * with it, all other keys are left alone
 * @throws {@link DecryptionError} if a cell cannot be read
 * @throws {@link EncryptionError} `ERR_COLUMN_MISUSE` if a mapping is needed, or names a property that
 * is not an encrypted column
 *
 * @example
 * ```ts
 * const rows = decryptRaw(dataSource, Patient, await builder.getRawMany())
 * ```
 */
export function decryptRaw<Entity extends ObjectLiteral>(
  dataSource: DataSource,
  entity: EntityTarget<Entity>,
  rows: readonly object[],
  mapping?: Readonly<Record<string, string>>,
): Record<string, unknown>[]
export function decryptRaw<Entity extends ObjectLiteral>(
  dataSource: DataSource,
  entity: EntityTarget<Entity>,
  rows: object,
  mapping?: Readonly<Record<string, string>>,
): Record<string, unknown>
export function decryptRaw<Entity extends ObjectLiteral>(
  dataSource: DataSource,
  entity: EntityTarget<Entity>,
  rows: object | readonly object[],
  mapping?: Readonly<Record<string, string>>,
): Record<string, unknown> | Record<string, unknown>[] {
  const metadata = dataSource.getMetadata(entity)
  const decrypt = mapping
    ? mappedDecryption(metadata, mapping)
    : namedDecryption(dataSource, metadata)
  const decryptOnce: DecryptRow = (row) => (isDecrypted(row) ? { ...row } : decrypt(row))
  const list = isRows(rows) ? rows : [rows]
  const told = telling(dataSource, metadata, () => rawKeys(metadata, list))
  const decrypted = toldAtOnce(told, () => list.map(decryptOnce))
  return isRows(rows) ? decrypted : (decrypted[0] ?? {})
}

function telling(
  dataSource: DataSource,
  { name, tableName }: EntityMetadata,
  rows: () => readonly EventKey[] | undefined = () => undefined,
): Omit<Telling<unknown>, "searched"> {
  return { statement: () => withoutStatement(dataSource, name, tableName), rows }
}

type DecryptRow = (row: object) => Record<string, unknown>

function isRows(rows: object | readonly object[]): rows is readonly object[] {
  return Array.isArray(rows)
}

function mappedDecryption(
  metadata: EntityMetadata,
  mapping: Readonly<Record<string, string>>,
): DecryptRow {
  const columns = new Map(
    Object.entries(mapping).map(([key, path]) => [key, encryptedProperty(metadata, path)]),
  )
  return (row) =>
    mapRow(row, (key, cell) => (columns.has(key) ? columns.get(key)?.given(cell) : cell))
}

function namedDecryption(dataSource: DataSource, metadata: EntityMetadata): DecryptRow {
  const columnOf = columnsByName(metadata)
  const isOthers = anyColumnByName(dataSource)
  const [anyColumn] = metadata.columns.flatMap((column) => boundColumn(column) ?? [])
  return (row) => {
    const keys = new Map<BoundColumn, string>()
    return mapRow(row, (key, cell) => {
      const column = columnOf(key)
      if (!column) {
        // Of a joined entity, it is left for that entity's turn
        if (isOthers(key) || !anyColumn?.isOwnToken(cell)) return cell
        throw unsettled(metadata, `"${key}" holds a token`)
      }
      const other = keys.get(column)
      if (other !== undefined) {
        throw unsettled(metadata, `both "${other}" and "${key}" may be ${column.property}`)
      }
      keys.set(column, key)
      return readNamed(metadata, column, key, cell)
    })
  }
}

function mapRow(
  row: object,
  map: (key: string, cell: unknown) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([key, cell]) => [key, map(key, cell)]))
}

/** Plaintext may as well be a sign that the key is another table's column. */
function readNamed(
  metadata: EntityMetadata,
  column: BoundColumn,
  key: string,
  cell: unknown,
): unknown {
  const isGuess = !metadata.columns.some(({ databaseName }) => databaseName === key)
  const isRefused = column.phase === "reject" && typeof cell === "string" && !mayBeToken(cell)
  // What is sealed is not looked into
  if (isGuess && column.isSealed && isRefused) throw seemsToBe(metadata, column, key)
  try {
    return column.given(cell)
  } catch (error) {
    if (isGuess && error instanceof DecryptionError && error.reason === "plaintext") {
      throw seemsToBe(metadata, column, key)
    }
    throw error
  }
}

function seemsToBe(
  metadata: EntityMetadata,
  { property }: BoundColumn,
  key: string,
): EncryptionError {
  return unsettled(metadata, `"${key}" seems to be ${property}, and holds no token`)
}

function unsettled({ name }: EntityMetadata, problem: string): EncryptionError {
  return new EncryptionError(
    "ERR_COLUMN_MISUSE",
    `In a raw row ${problem}. Pass decryptRaw a mapping of keys to properties of ${name}.`,
  )
}

/** Whether a key may be an encrypted column of any entity. Asked of each key once. */
function anyColumnByName({ entityMetadatas }: DataSource): (key: string) => boolean {
  const known = new Map<string, boolean>()
  let finders: readonly ((key: string) => BoundColumn | undefined)[] | undefined
  return (key) => {
    let isOne = known.get(key)
    if (isOne === undefined) {
      finders ??= entityMetadatas.map(columnsByName)
      isOne = finders.some((find) => find(key) !== undefined)
      known.set(key, isOne)
    }
    return isOne
  }
}

/** The longest name that fits wins, so that `p_old_ssn` is the column `old_ssn` and not `ssn`. */
function columnsByName(metadata: EntityMetadata): (key: string) => BoundColumn | undefined {
  const byLength = (a: ColumnMetadata, b: ColumnMetadata): number =>
    b.databaseName.length - a.databaseName.length
  const columns = [...metadata.columns].sort(byLength)
  const known = new Map<string, BoundColumn | undefined>()
  return (key) => {
    if (!known.has(key)) {
      const column = columns.find(
        ({ databaseName }) => key === databaseName || key.endsWith(`_${databaseName}`),
      )
      known.set(key, column && boundColumn(column))
    }
    return known.get(key)
  }
}

function encryptedProperty(metadata: EntityMetadata, path: string): BoundColumn {
  const column = metadata.findColumnWithPropertyPathStrict(path)
  const bound = column && boundColumn(column)
  if (bound) return bound
  throw new EncryptionError(
    "ERR_COLUMN_MISUSE",
    `${metadata.name}.${path} is not an encrypted column of a DataSource that went through ` +
      "withEncryption() and initialize().",
  )
}
