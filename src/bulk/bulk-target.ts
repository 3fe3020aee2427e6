import {
  type ColumnType,
  type DataSource,
  type EntityMetadata,
  type EntityTarget,
  type ObjectLiteral,
  TableColumn,
} from "typeorm"

import { boundColumn } from "../binding/columns/bound-column"
import { codecOf } from "../binding/columns/cell-codec"
import { placeOf } from "../binding/columns/column-place"
import { columnKeysOf } from "../binding/keys/keys"
import { declaredColumn } from "../binding/schema/type-target"
import type { BlindIndexDeclaration } from "../column/blind-index"
import type { BuiltInCodec } from "../column/built-in-codecs"
import type { Codec, TextCodec } from "../column/codec"
import {
  type ColumnKey,
  type ColumnKeyDeclaration,
  columnKeyMisuse,
  columnKeyOf,
} from "../column/column-key"
import { declarationOf, paddingOf } from "../column/declaration"
import { type JsonPath, type LeafPath, leafPaths, pathsMisuse } from "../column/documents/json-path"
import {
  declaredReaders,
  type LegacyDeclaration,
  type LegacyReader,
} from "../column/legacy/legacy-reader"
import { isPaddingSize, type Padding } from "../column/padding"
import type { PlaintextPhase } from "../column/phase"
import { EncryptionError } from "../errors"
import type { OptionNames } from "../unknown-options"
import { type BulkIndex, describedIndexes, entityIndexes } from "./bulk-index"
import { requireKnown } from "./options"

/** An entity with only some of its encrypted columns. */
export interface EntityColumns<Entity extends ObjectLiteral = ObjectLiteral> {
  readonly entity: EntityTarget<Entity>
  /** Paths of encrypted properties, as in `"ssn"` or `"address.street"`. */
  readonly properties: readonly string[]
}

/** A table without its entity, for migrations that must outlive the entity. */
export interface TableDescription {
  /** The table's name, with its schema if it needs one: `"sales.customer"`. */
  readonly table: string
  /**
   * The columns that tell rows apart. Defaults to the table's primary key. Where no unique key is on
   * them, as on a foreign table, a run begins by looking for rows that have them in common.
   */
  readonly primaryKey?: string | readonly string[]
  /** The encrypted columns by their names in the database. */
  readonly columns: Readonly<Record<string, ColumnDescription>>
}

/** A column of a {@link TableDescription}. */
export interface ColumnDescription {
  /** The codec that plaintext must satisfy. Defaults to `"string"`. */
  readonly codec?: BuiltInCodec | Codec
  /** To what multiple of bytes its plaintexts are padded. Defaults to none. */
  readonly padTo?: number
  /** The parts of its JSON documents that are encrypted. Defaults to encrypting whole values. */
  readonly paths?: readonly JsonPath[]
  /** Reads what others encrypted in it. Defaults to none. */
  readonly legacy?: LegacyDeclaration
  /**
   * Its type while it holds tokens, as in `"varchar(255)"`, which `alter` gives it. Defaults to the
   * database's type for text of any length.
   */
  readonly type?: string
  /** Its own keys. Defaults to the `columnKeys` option of `withEncryption`, else to none. */
  readonly columnKey?: ColumnKeyDeclaration
  /** Its blind indexes; `with` names columns of the database here. Defaults to none. */
  readonly blindIndex?: BlindIndexDeclaration
}

/** What to work on: an entity, some of its columns, or a table described by its names. */
export type BulkTarget = EntityTarget<ObjectLiteral> | EntityColumns | TableDescription

/** An encrypted column to work on. */
export interface BulkColumn {
  /** Its name in the database. */
  readonly name: string
  /** What messages call it: `Entity.property` or `table.column`. */
  readonly label: string
  readonly codec: Codec | TextCodec
  /** How its plaintexts are padded, if they are. */
  readonly padding?: Padding | undefined
  /** The parts of its documents that are encrypted; `undefined` where whole values are. */
  readonly paths?: readonly LeafPath[]
  /** Read what others encrypted in it. */
  readonly readers: readonly LegacyReader[]
  /** What its DataSource makes of plaintext; `undefined` if it has none. */
  readonly phase: PlaintextPhase | undefined
  /** Its type in the model, as in the column's definition; `undefined` without a model. */
  readonly type?: string
  /** The zone of timestamps without one, in which the application wrote them. */
  readonly timeZone?: string | undefined
  /** The keys of the column's own, if it has any. */
  readonly columnKey?: ColumnKey | undefined
}

/** A target with its names looked up, before the database was asked about it. */
export interface NamedTable {
  /** What messages call it: the name of the table as the database knows it. */
  readonly label: string
  /** Database, schema and name, as far as they are given. */
  readonly path: readonly string[]
  readonly primaryKey: readonly string[] | undefined
  /** What its model tells rows apart by, for a table that has no primary key. */
  readonly primaryColumns: readonly string[]
  readonly columns: readonly BulkColumn[]
  /** The blind indexes that cover none but these columns. */
  readonly indexes: readonly BulkIndex[]
}

/**
 * Looks a target up in the model of its DataSource.
 *
 * @throws TypeError if a part of it is unknown
 * @throws {@link EncryptionError} `ERR_COLUMN_MISUSE` if it names no encrypted column
 */
export function nameTable(dataSource: DataSource, target: BulkTarget): NamedTable {
  const named = isDescription(target)
    ? fromDescription(dataSource, target)
    : fromEntity(dataSource, target)
  if (named.columns.length > 0) return named
  throw new EncryptionError(
    "ERR_COLUMN_MISUSE",
    `${named.label} has no encrypted columns. Declare them with @EncryptedColumn().`,
  )
}

const entityColumnsNames: OptionNames<EntityColumns> = { entity: true, properties: true }
const descriptionNames: OptionNames<TableDescription> = {
  table: true,
  primaryKey: true,
  columns: true,
}
const columnNames: OptionNames<ColumnDescription> = {
  codec: true,
  padTo: true,
  paths: true,
  legacy: true,
  type: true,
  columnKey: true,
  blindIndex: true,
}

function isDescription(target: BulkTarget): target is TableDescription {
  return typeof target === "object" && "table" in target
}

function isEntityColumns(
  target: EntityTarget<ObjectLiteral> | EntityColumns,
): target is EntityColumns {
  return typeof target === "object" && "entity" in target
}

function fromDescription(dataSource: DataSource, target: TableDescription): NamedTable {
  const { table, primaryKey, columns } = target
  requireKnown(table, target, descriptionNames)
  const path = table.split(".")
  for (const [name, column] of Object.entries(columns)) {
    requireKnown(`${table}.${name}`, column, columnNames)
    if (column.padTo !== undefined && !isPaddingSize(column.padTo)) {
      throw new RangeError(
        `${table}.${name}: padTo is not a whole number of bytes from 1 to 65536.`,
      )
    }
    for (const problem of [...columnKeyMisuse(column.columnKey), ...documentMisuse(column)]) {
      throw new TypeError(`${table}.${name} ${problem}.`)
    }
  }
  const place = { schema: schemaOf(dataSource, table), table: path.at(-1) ?? table }
  const described = Object.entries(columns).map(([name, description]) => ({
    name,
    label: `${table}.${name}`,
    ...readIn(dataSource, description),
    phase: undefined,
    columnKey: columnKeyOf(description.columnKey, columnKeysOf(dataSource), {
      ...{ ...place, column: name },
    }),
  }))
  const declared = Object.entries(columns).map(
    ([name, { blindIndex }]) => [name, blindIndex] as const,
  )
  return {
    label: table,
    path,
    primaryKey: typeof primaryKey === "string" ? [primaryKey] : primaryKey,
    primaryColumns: [],
    columns: described,
    indexes: describedIndexes(table, place, declared, described),
  }
}

/** What a description says of how cells are read. */
function readIn(
  dataSource: DataSource,
  { codec, padTo, paths, legacy, type }: ColumnDescription,
): Pick<BulkColumn, "codec" | "padding" | "paths" | "readers" | "type"> {
  const known = codecOf(codec === undefined ? {} : { codec })
  const read = paths ? codecOf({ codec: "json" }) : known
  return {
    codec: read,
    padding: paddingOf(padTo, read),
    ...(paths && { paths: leafPaths(paths) }),
    readers: declaredReaders(legacy),
    ...(type !== undefined && { type: typeNamed(dataSource, type) }),
  }
}

function documentMisuse({
  paths,
  codec = "json",
  blindIndex,
}: ColumnDescription): readonly string[] {
  if (paths === undefined) return []
  return [
    ...pathsMisuse(paths),
    ...(codec === "json" ? [] : ['has paths, which only the codec "json" takes']),
    ...(blindIndex === undefined
      ? []
      : ["has paths, and a blind index is none of parts of documents"]),
  ]
}

/** Returns a type as the database spells it. */
function typeNamed({ driver }: DataSource, type: string): string {
  const [, name = type, length = ""] = /^([^(]+?) *(?:\( *(\d+) *\))?$/.exec(type.trim()) ?? []
  const normalized = driver.normalizeType({ type: name.toLowerCase() as ColumnType })
  return driver.createFullType(new TableColumn({ name: "", type: normalized, length }))
}

/** The schema that the model would have for the table, from its name or for all that name none. */
function schemaOf({ driver, options }: DataSource, table: string): string | undefined {
  if (!table.includes(".")) return "schema" in options ? options.schema : undefined
  // Of what precedes the name, some databases make a database
  return driver.parseTableName(table).schema
}

function fromEntity(
  dataSource: DataSource,
  target: EntityTarget<ObjectLiteral> | EntityColumns,
): NamedTable {
  if (isEntityColumns(target)) requireKnown("The target", target, entityColumnsNames)
  const { entity, properties } = isEntityColumns(target)
    ? target
    : { entity: target, properties: undefined }
  const metadata = dataSource.getMetadata(entity)
  const all = encryptedColumns(metadata, dataSource)
  const columns = properties
    ? distinct(properties.map((path) => pick(metadata, all, path)))
    : distinct([...all.values()])
  return {
    label: metadata.tablePath,
    // As TypeORM itself takes it apart
    path: metadata.tablePath.split("."),
    primaryKey: undefined,
    primaryColumns: metadata.primaryColumns.map(({ databaseName }) => databaseName),
    columns,
    indexes: entityIndexes(metadata, columns, dataSource.namingStrategy),
  }
}

/** Entities that share a table may each have a property for one of its columns. */
function distinct(columns: readonly BulkColumn[]): readonly BulkColumn[] {
  return columns.filter(({ name }, i) => columns.findIndex((one) => one.name === name) === i)
}

/** Returns the encrypted columns of an entity by their property paths. */
export function encryptedColumns(
  metadata: EntityMetadata,
  dataSource: DataSource,
): ReadonlyMap<string, BulkColumn> {
  const { driver } = dataSource
  const columns = new Map<string, BulkColumn>()
  for (const column of metadata.columns) {
    const bound = boundColumn(column)
    const declaration = bound?.declaration ?? declarationOf(column.transformer)
    if (!declaration) continue
    const label = `${metadata.name}.${column.propertyPath}`
    columns.set(column.propertyPath, {
      name: column.databaseName,
      label,
      codec: codecOf(declaration),
      padding: paddingOf(declaration.padTo, codecOf(declaration)),
      ...(declaration.paths && { paths: leafPaths(declaration.paths) }),
      readers: declaredReaders(declaration.legacy),
      phase: bound?.phase,
      type: driver.createFullType(declaredColumn(driver, column)),
      timeZone: bound?.timestampZone,
      columnKey: columnKeyOf(
        declaration.columnKey,
        columnKeysOf(dataSource),
        placeOf(metadata, column),
      ),
    })
  }
  return columns
}

function pick(
  metadata: EntityMetadata,
  columns: ReadonlyMap<string, BulkColumn>,
  path: string,
): BulkColumn {
  const column = columns.get(path)
  if (column) return column
  throw new EncryptionError(
    "ERR_COLUMN_MISUSE",
    `${metadata.name}.${path} is not an encrypted column; there are ${[...columns.keys()].join(", ") || "none"}.`,
  )
}
