import type { ColumnKey } from "../column/column-key"
import type { JsonPath } from "../column/documents/json-path"

/** A column as a migration describes it. */
export interface MigrationColumn {
  readonly name: string
  /** The name of its codec, unless it is `"string"` or a codec of the user's own. */
  readonly codec?: string
  /** The parts of its documents that are encrypted, if not whole values are. */
  readonly paths?: readonly JsonPath[]
  /** Whether its codec is the user's own, which a migration cannot name. */
  readonly ownCodec?: boolean
  /** The type to give back when it is decrypted, if it is another than the declared one. */
  readonly type?: string
  /** The type that the model declares, if the column is to be given it. */
  readonly declaredType?: string
  readonly blindIndexes?: readonly MigrationIndex[]
  /** The keys of its own, if it has any. */
  readonly columnKey?: ColumnKey
}

/** A blind index as a migration describes it, with everything that decides its values. */
export interface MigrationIndex {
  readonly name: string
  readonly context: string
  /** `undefined` if one is a function of the user's, which a migration cannot name. */
  readonly normalize: readonly string[] | undefined
  readonly bits: number
  readonly with: readonly string[]
}

/** A table as a migration describes it, by names that outlive the entity. */
export interface MigrationTable {
  readonly table: string
  readonly columns: readonly MigrationColumn[]
}

/** What a migration file is made of. */
export interface MigrationOutline {
  readonly className: string
  readonly tables: readonly MigrationTable[]
  readonly language: "commonjs" | "esm" | "typescript"
  /** Whether to add constraints that keep plaintext out. */
  readonly constrain: boolean
}

/** Returns the text of a migration that encrypts tables, and decrypts them when it is reverted. */
export function renderMigration({
  className,
  tables,
  language,
  constrain,
}: MigrationOutline): string {
  const typed = language === "typescript"
  const named = tables.map((table, i) => ({ ...table, name: constantName(table, i, tables) }))
  const up = named.map(({ name, columns }) => {
    const options = encryptOptions(columns, constrain)
    return `    await encryptColumns(queryRunner, ${name}${options})\n`
  })
  const down = named.toReversed().map(({ name, columns }) => {
    return `    await decryptColumns(queryRunner, ${name}${decryptOptions(columns)})\n`
  })
  const runner = typed ? "queryRunner: QueryRunner" : "queryRunner"
  const result = typed ? ": Promise<void>" : ""
  return [
    `${imports[language]}\n`,
    ...named.map(({ name, ...table }) => `${constant(name, table, typed)}\n`),
    `${language === "commonjs" ? "module.exports =" : "export"} class ${className}`,
    `${typed ? " implements MigrationInterface" : ""} {\n`,
    `  name = ${JSON.stringify(className)}\n\n`,
    `  async up(${runner})${result} {\n${up.join("")}  }\n\n`,
    `  async down(${runner})${result} {\n${down.join("")}  }\n}\n`,
  ].join("")
}

const imports = {
  typescript:
    'import type { MigrationInterface, QueryRunner } from "typeorm"\n' +
    'import { decryptColumns, encryptColumns, type TableDescription } from "typeorm-fernet"\n',
  esm: 'import { decryptColumns, encryptColumns } from "typeorm-fernet"\n',
  commonjs: 'const { decryptColumns, encryptColumns } = require("typeorm-fernet")\n',
} as const

/** Without it, any text is encrypted. */
const OWN_CODEC =
  "    // Its codec is your own: import it and add it as `codec`, so that plaintext that it cannot read\n" +
  "    // is left as it is and reported\n"

function constant(name: string, { table, columns }: MigrationTable, typed: boolean): string {
  const lines = columns.map((column) => {
    const { name: property, ownCodec = false, blindIndexes = [] } = column
    const comments = blindIndexes.filter(({ normalize }) => !normalize).map(ownNormalizer)
    const above = `${ownCodec ? OWN_CODEC : ""}${comments.join("")}`
    return `${above}    ${propertyName(property)}: ${description(column)},\n`
  })
  return [
    `const ${name}${typed ? ": TableDescription" : ""} = {\n`,
    `  table: ${JSON.stringify(table)},\n`,
    `  columns: {\n${lines.join("")}  },\n}\n`,
  ].join("")
}

function ownNormalizer({ name }: MigrationIndex): string {
  // A comment ends with its line, whichever character ends it
  const quoted = JSON.stringify(name).replaceAll(/[\u2028\u2029]/g, " ")
  return (
    `    // The blind index ${quoted} has a normalizer of your own: add the index with it here as\n` +
    "    // `blindIndex`, or run column:encrypt after the migration to fill it\n"
  )
}

function description(column: MigrationColumn): string {
  const { codec, paths, declaredType, columnKey, blindIndexes = [] } = column
  const indexes = blindIndexes.flatMap(({ name, context, normalize, bits, with: others }) => {
    if (!normalize) return []
    const options = [
      `name: ${JSON.stringify(name)}`,
      `context: ${JSON.stringify(context)}`,
      ...(normalize.length > 0 ? [`normalize: ${list(normalize)}`] : []),
      `bits: ${bits}`,
      ...(others.length > 0 ? [`with: ${list(others)}`] : []),
    ]
    return `{ ${options.join(", ")} }`
  })
  const parts = [
    ...(codec === undefined ? [] : [`codec: ${JSON.stringify(codec)}`]),
    ...(paths ? [`paths: [${paths.map(pathText).join(", ")}]`] : []),
    ...(declaredType === undefined ? [] : [`type: ${JSON.stringify(declaredType)}`]),
    ...(columnKey ? [`columnKey: ${ownKeys(columnKey)}`] : []),
    ...(indexes.length > 0 ? [`blindIndex: [${indexes.join(", ")}]`] : []),
  ]
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`
}

function ownKeys({ mode, context }: ColumnKey): string {
  return `{ mode: ${JSON.stringify(mode)}, context: ${list(context)} }`
}

function pathText(path: JsonPath): string {
  return typeof path === "string" ? JSON.stringify(path) : list(path)
}

function list(texts: readonly string[]): string {
  return `[${texts.map((text) => JSON.stringify(text)).join(", ")}]`
}

function encryptOptions(columns: readonly MigrationColumn[], constrain: boolean): string {
  const options = [
    ...(columns.some(({ type }) => type !== undefined) ? ["alter: true"] : []),
    ...(constrain ? ["constrain: true"] : []),
  ]
  return options.length === 0 ? "" : `, { ${options.join(", ")} }`
}

function decryptOptions(columns: readonly MigrationColumn[]): string {
  const types = columns.flatMap(({ name, type }) =>
    type === undefined ? [] : [`${propertyName(name)}: ${JSON.stringify(type)}`],
  )
  return types.length === 0 ? "" : `, { restoreTypes: { ${types.join(", ")} } }`
}

/** `salesCustomerTable` for `sales.customer`, with a number if another table is called so too. */
function constantName(
  { table }: MigrationTable,
  index: number,
  tables: readonly MigrationTable[],
): string {
  const name = pascalCase(table)
  const twin = tables.slice(0, index).some((other) => pascalCase(other.table) === name)
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}Table${twin ? index + 1 : ""}`
}

/** Makes one identifier of a name, as in `SalesCustomer`. */
export function pascalCase(name: string): string {
  const words = name.split(/[^\p{ID_Continue}]+|_/u).filter((word) => word !== "")
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("")
  return /^\p{ID_Start}/u.test(joined) ? joined : `T${joined}`
}

function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}
