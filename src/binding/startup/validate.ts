import { type DataSource, type EntityMetadata, getMetadataArgsStorage } from "typeorm"

import { builtInCodecs } from "../../column/built-in-codecs"
import { columnKeyMisuse } from "../../column/column-key"
import { declarationOf, type EncryptedColumnDeclaration } from "../../column/declaration"
import { pathsMisuse } from "../../column/documents/json-path"
import { sealedCacheMisuse } from "../../column/sealed-cache"
import { isPaddingSize, LARGEST_PADDING } from "../../column/padding"
import { declaredReaders, isWriter } from "../../column/legacy/legacy-reader"
import {
  isPhase,
  phaseNames,
  type PlaintextPhase,
  readsPlaintext,
  writesPlaintext,
} from "../../column/phase"
import { driverFacts } from "../../dialect/driver-facts"
import type { ColumnMetadata } from "../typeorm-internals"
import type { ColumnKeyMode } from "../../fernet/column-key"
import { SHORTEST_TOKEN } from "../../fernet/token-format"
import { sharedContexts } from "./validate-column-keys"
import { indexMisuse, isBlindIndexDeclaration } from "./validate-index"

/**
 * Returns everything in the model of a DataSource that cannot work with encrypted columns, one
 * sentence each, every one beginning with `Entity.property`.
 *
 * @param defaults - of columns that do not say theirs
 */
export function findMisuse(
  dataSource: DataSource,
  defaults: { readonly plaintext?: PlaintextPhase; readonly columnKeys?: ColumnKeyMode } = {},
): readonly string[] {
  const { plaintext: defaultPhase = "reject", columnKeys } = defaults
  const problems = new Set<string>()
  const metadatas = dataSource.entityMetadatas
  const referenced = new Set(
    metadatas.flatMap(({ foreignKeys }) => foreignKeys.flatMap((key) => key.referencedColumns)),
  )
  for (const metadata of metadatas) {
    for (const column of metadata.columns) {
      const property = `${metadata.name}.${column.propertyPath}`
      const declaration = declarationOf(column.transformer)
      const found = declaration
        ? [
            ...declarationMisuse(declaration),
            ...(declaration.paths === undefined
              ? typeMisuse(column)
              : documentMisuse(dataSource, column, declaration)),
            ...roleMisuse(column),
            ...phaseMisuse(declaration, declaration.plaintext ?? defaultPhase),
            ...uniquenessMisuse(metadata, column, declaration.plaintext ?? defaultPhase),
            ...(declaration.paths === undefined ? constraintMisuse(metadata, column) : []),
            ...foreignKeyMisuse(metadata, column),
            ...(referenced.has(column) ? ["cannot be referenced by a foreign key"] : []),
          ]
        : combinedTransformers(column)
      for (const problem of [...found, ...repeatedDeclaration(metadata, column)]) {
        problems.add(`${property} ${problem}.`)
      }
    }
    if (metadata.columns.every(hasBlindIndexDeclaration)) {
      for (const problem of indexMisuse(dataSource, metadata)) problems.add(problem)
    }
  }
  for (const problem of sharedContexts(metadatas, columnKeys)) problems.add(problem)
  return [...problems]
}

function* declarationMisuse(declaration: EncryptedColumnDeclaration): Iterable<string> {
  for (const option of declaration.unknownOptions ?? []) yield `has an ${option}`
  const { codec, paths, ttl, plaintext, legacy, blindIndex, columnKey, sealed, padTo, cached } =
    declaration as Record<keyof typeof declaration, unknown>
  if (codec !== undefined && !isCodec(codec)) {
    const names = Object.keys(builtInCodecs).join(", ")
    yield `has an unknown codec; use one of ${names}, or an object with encode() and decode()`
  }
  if (paths !== undefined) yield* pathsMisuse(paths)
  if (ttl !== undefined && !(typeof ttl === "number" && Number.isSafeInteger(ttl) && ttl > 0)) {
    yield "has a ttl that is not a whole number of seconds above 0"
  }
  if (plaintext !== undefined && !isPhase(plaintext)) {
    yield `has a plaintext option that is none of ${phaseNames}`
  }
  if (legacy !== undefined && !isLegacyDeclaration(legacy)) {
    yield "has a legacy option that is neither a reader with decode() nor a list of them"
  }
  if (blindIndex !== undefined && !isBlindIndexDeclaration(blindIndex)) {
    yield "has a blindIndex that is neither true, nor options, nor a list of these"
  }
  if (sealed !== undefined && typeof sealed !== "boolean") {
    yield "has a sealed option that is neither true nor false"
  } else if (sealed && paths !== undefined) {
    yield "is sealed and has paths; a value is sealed as a whole"
  }
  yield* sealedCacheMisuse(cached)
  if (cached !== undefined && sealed !== true) yield "is cached and not sealed"
  if (padTo !== undefined && !isPaddingSize(padTo)) {
    yield `has a padTo that is not a whole number of bytes from 1 to ${LARGEST_PADDING}`
  } else if (padTo !== undefined && paths !== undefined) {
    yield "has paths and padTo; values are padded as a whole"
  }
  yield* columnKeyMisuse(columnKey)
}

function isLegacyDeclaration(legacy: unknown): boolean {
  const readers = Array.isArray(legacy) ? Array.from<unknown>(legacy) : [legacy]
  return readers.length > 0 && readers.every(isReader)
}

function isReader(reader: unknown): boolean {
  if (typeof reader !== "object" || reader === null) return false
  const { is, decode, encode } = reader as Record<string, unknown>
  const isOptional = (member: unknown) => member === undefined || typeof member === "function"
  return typeof decode === "function" && isOptional(is) && isOptional(encode)
}

function hasBlindIndexDeclaration({ transformer }: ColumnMetadata): boolean {
  const { blindIndex } = declarationOf(transformer) ?? {}
  return blindIndex === undefined || isBlindIndexDeclaration(blindIndex)
}

function isCodec(codec: unknown): boolean {
  if (typeof codec === "string") return Object.hasOwn(builtInCodecs, codec)
  if (typeof codec !== "object" || codec === null) return false
  const { encode, decode } = codec as Record<string, unknown>
  return typeof encode === "function" && typeof decode === "function"
}

const WITH_LENGTH = ["varchar", "character varying"]
const TOKEN_TYPES = [...WITH_LENGTH, "text", "mediumtext", "longtext"]

const DOCUMENT_TYPES = [...TOKEN_TYPES, "json", "jsonb", "simple-json"]

function* documentMisuse(
  { options }: DataSource,
  column: ColumnMetadata,
  { codec, constrained }: EncryptedColumnDeclaration,
): Iterable<string> {
  const type = typeof column.type === "function" ? column.type.name : column.type
  if (!DOCUMENT_TYPES.includes(type)) {
    yield `has paths and the type ${type}; use json, jsonb or text`
  } else if (type === "jsonb" && driverFacts(options.type).syntax === "sqlite") {
    yield "has paths and the type jsonb, which SQLite stores as bytes; use json"
  }
  if (codec !== "json") yield 'has paths, which only the codec "json" takes'
  if (constrained) {
    yield "has paths and cannot be constrained: the constraint admits tokens as a whole only"
  }
}

function* typeMisuse(column: ColumnMetadata): Iterable<string> {
  const type = typeof column.type === "function" ? column.type.name : column.type
  if (!TOKEN_TYPES.includes(type)) {
    yield `has the type ${type}, which does not hold a token unchanged; use text`
  } else if (column.length && !WITH_LENGTH.includes(type)) {
    yield `has a length, which ${type} does not take; use varchar`
  } else if (column.length && !(Number(column.length) >= SHORTEST_TOKEN)) {
    yield `has the length ${column.length}, and the shortest token has ${SHORTEST_TOKEN} characters`
  }
  if (column.charset === "binary" || column.collation === "binary") {
    yield "has the character set binary, which gives bytes instead of text; leave it out"
  }
}

function* roleMisuse(column: ColumnMetadata): Iterable<string> {
  const roles: readonly (readonly [boolean, string])[] = [
    [column.isPrimary, "cannot be a primary key"],
    [column.isGenerated, "cannot be generated"],
    [
      column.default !== undefined,
      "cannot have a default: the database would store it in plaintext",
    ],
    [column.onUpdate !== undefined, "cannot have onUpdate: the database would store plaintext"],
    [column.asExpression !== undefined, "cannot be computed by the database"],
    [column.isVirtualProperty, "cannot be a virtual column"],
    [column.isArray, 'cannot be an array; use the codec "json"'],
    [column.enum !== undefined, "cannot be an enum of the database"],
    [isInEmbeddedArray(column), "cannot be inside an array of embedded entities"],
    [isSpecial(column), "cannot be a version, date, discriminator or tree column"],
    [
      column.relationMetadata !== undefined || column.referencedColumn !== undefined,
      "cannot be a join column",
    ],
  ]
  for (const [applies, problem] of roles) if (applies) yield problem
}

function isInEmbeddedArray(column: ColumnMetadata): boolean {
  return column.embeddedMetadata?.embeddedMetadataTree.some(({ isArray }) => isArray) ?? false
}

function isSpecial(column: ColumnMetadata): boolean {
  return (
    column.isVersion ||
    column.isCreateDate ||
    column.isUpdateDate ||
    column.isDeleteDate ||
    column.isDiscriminator ||
    column.isTreeLevel ||
    column.isObjectId ||
    column.isNestedSetLeft ||
    column.isNestedSetRight ||
    column.isMaterializedPath
  )
}

function* phaseMisuse(
  { legacy }: EncryptedColumnDeclaration,
  phase: PlaintextPhase,
): Iterable<string> {
  if (legacy === undefined || !writesPlaintext(phase) || !isLegacyDeclaration(legacy)) return
  if (declaredReaders(legacy).some(isWriter)) return
  yield (
    `has no legacy reader with encode(), and under plaintext: "${phase}" would be stored in ` +
    "plaintext, which the releases before do not expect"
  )
}

/** While a table is being encrypted, the constraints of its plaintext stay. */
function* uniquenessMisuse(
  metadata: EntityMetadata,
  column: ColumnMetadata,
  phase: PlaintextPhase,
): Iterable<string> {
  if (readsPlaintext(phase)) return
  const covers = covering(column)
  const isDocument = declarationOf(column.transformer)?.paths !== undefined
  const isUnique =
    metadata.uniques.some(covers) || metadata.indices.some((i) => i.isUnique && covers(i))
  if (isUnique && isDocument) yield "cannot be unique: equal documents have different tokens"
  else if (isUnique)
    yield "cannot be unique: equal values have different tokens; use blindIndex: { unique: true }"
  else if (!isDocument && metadata.indices.some(covers))
    yield "cannot be indexed: tokens have no order; use blindIndex"
}

function covering(
  column: ColumnMetadata,
): (constraint: { readonly columns: readonly ColumnMetadata[] }) => boolean {
  return ({ columns }) => columns.includes(column)
}

function* foreignKeyMisuse(metadata: EntityMetadata, column: ColumnMetadata): Iterable<string> {
  if (!column.relationMetadata && metadata.foreignKeys.some(covering(column))) {
    yield "cannot be a foreign key"
  }
}

function* constraintMisuse(metadata: EntityMetadata, column: ColumnMetadata): Iterable<string> {
  if ([...metadata.checks, ...metadata.exclusions].some((c) => names(c.expression, column))) {
    yield "cannot be part of a check or exclusion constraint: the database sees only tokens"
  }
  for (const { asExpression, propertyPath } of metadata.columns) {
    if (!names(asExpression, column)) continue
    yield `cannot be in the expression of ${propertyPath}: the database sees only tokens`
  }
  if (Object.keys(pathsOf(metadata.orderBy)).includes(column.propertyPath)) {
    yield "cannot be in the entity's orderBy: tokens have no order"
  }
}

/** Whether SQL names the column, in any case; a text or a function of the same name does not. */
function names(expression: string | undefined, { databaseName }: ColumnMetadata): boolean {
  const sql = (expression ?? "").replaceAll(/'(?:[^']|'')*'/g, "''")
  const escaped = databaseName.replaceAll(/[^\w\s]/g, "\\$&")
  return new RegExp(`(?<!\\w)${escaped}(?!\\w|\\s*\\()`, "i").test(sql)
}

/** The property paths of an orderBy, which nests for embedded entities. */
function pathsOf(orderBy: object | undefined, prefix = ""): Record<string, true> {
  const paths: Record<string, true> = {}
  for (const [key, value] of Object.entries(orderBy ?? {}) as [string, unknown][]) {
    paths[`${prefix}${key}`] = true
    if (typeof value === "object" && value !== null) {
      Object.assign(paths, pathsOf(value, `${prefix}${key}.`))
    }
  }
  return paths
}

function combinedTransformers({ transformer }: ColumnMetadata): readonly string[] {
  const isCombined = Array.isArray(transformer) && transformer.some((one) => declarationOf(one))
  return isCombined ? ["combines encryption with other transformers; use a codec of your own"] : []
}

/**
 * Of several column decorators on one property, in its class or a base class, TypeORM takes the one
 * that ran first and drops the others silently: the column might turn out not to be encrypted.
 */
function repeatedDeclaration(metadata: EntityMetadata, column: ColumnMetadata): readonly string[] {
  const { embeddedMetadata, propertyName, target } = column
  const owners = embeddedMetadata ? classesOf(embeddedMetadata.type) : metadata.inheritanceTree
  const declared = getMetadataArgsStorage().columns.filter(
    (one) =>
      one.propertyName === propertyName &&
      owners.includes(one.target) &&
      // Siblings of one table may have properties of one name
      (embeddedMetadata !== undefined || areRelated(one.target, target)),
  )
  if (!declared.some(({ options }) => declarationOf(options.transformer))) return []
  if (declared.length > 1) {
    return [
      "has more than one column decorator, of which TypeORM takes one; keep @EncryptedColumn only",
    ]
  }
  // An EntitySchema for a class whose decorators TypeORM does not look at
  return declarationOf(column.transformer)
    ? []
    : [
        "is declared with @EncryptedColumn, and otherwise by its EntitySchema; use encryptedColumn() there",
      ]
}

/** Whether one class is the other or a base class of it. */
function areRelated(one: unknown, other: unknown): boolean {
  return classesOf(one).includes(other) || classesOf(other).includes(one)
}

/** A class and its base classes. */
function classesOf(type: unknown): readonly unknown[] {
  return typeof type === "function" ? [type, ...classesOf(Object.getPrototypeOf(type))] : []
}
