import { Column, type ColumnOptions } from "typeorm"

import { type OptionNames, unknownOptions } from "../unknown-options"
import type { BlindIndexDeclaration } from "./blind-index"
import type { BuiltInCodec } from "./built-in-codecs"
import type { Codec } from "./codec"
import type { ColumnKeyDeclaration } from "./column-key"
import type { JsonPath } from "./documents/json-path"
import type { LegacyDeclaration } from "./legacy/legacy-reader"
import type { PlaintextPhase } from "./phase"
import type { SealedCacheOptions } from "./sealed-cache"
import { type EncryptedColumnDeclaration, UnboundTransformer } from "./declaration"

/** The column types that hold a token unchanged on every supported database. */
export type TokenColumnType = "character varying" | "longtext" | "mediumtext" | "text" | "varchar"

/** The column types that hold a JSON document of which parts are encrypted, besides those for tokens. */
export type DocumentColumnType = "json" | "jsonb" | "simple-json"

/** Options of an encrypted column. The rest of TypeORM's `ColumnOptions` does not apply to one. */
export interface EncryptedColumnOptions extends Pick<
  ColumnOptions,
  "charset" | "collation" | "comment" | "insert" | "name" | "nullable" | "select" | "update"
> {
  /**
   * How the property becomes the plaintext inside the token: the name of a built-in codec, or your
   * own. Never guessed from the property's type. Defaults to `"string"`, and with `paths` to `"json"`,
   * the only one there.
   */
  codec?: BuiltInCodec | Codec

  /**
   * Encrypts parts of a JSON document and leaves the rest of it as it is, to be queried: each value that
   * a path names becomes a token of its JSON, as in `["headers.Authorization", "actions.*.token"]`;
   * those that are null stay null. See {@link JsonPath}. Defaults to encrypting the whole value.
   */
  paths?: readonly JsonPath[]

  /**
   * Seconds for which a token can be read after it was written; older ones are refused with reason
   * `expired`. Defaults to no limit.
   */
  ttl?: number

  /**
   * `"allow"` reads legacy plaintext in this column as it is, `"reject"` refuses it; `"keep"` and
   * `"index"` also go on to write it, for rolling deployments: see {@link PlaintextPhase}. Defaults to
   * the `plaintext` option of `withEncryption`, which defaults to `"reject"`.
   */
  plaintext?: PlaintextPhase

  /**
   * Reads cells that another library or program encrypted, until `column:encrypt` has taken them
   * over, as `readTypeormEncrypted()`, `readPrefixedTokens()` and `readQuotedTokens()` do. Not under
   * `plaintext: "reject"`. Defaults to none.
   */
  legacy?: LegacyDeclaration

  /**
   * Gives the column keys of its own, derived from those of the DataSource, so that a token copied into
   * it from another column does not open. `"only"` takes no other tokens and is for new tables;
   * `"ready"` and `"moving"` lead a table there that has tokens: see {@link ColumnKeyMode}. `false`
   * keeps the shared keys. Defaults to the `columnKeys` option of `withEncryption`, which defaults to
   * none.
   */
  columnKey?: ColumnKeyDeclaration

  /**
   * Keeps the value encrypted in the entity as well, until its `reveal()` or `use()` asks for it: the
   * property is a `Sealed`, of which no log, JSON or copy shows more than `[sealed]`. Defaults to
   * `false`.
   */
  sealed?: boolean

  /**
   * Keeps the plaintexts of sealed values in memory for some seconds after they were revealed, for those
   * that are asked for again and again. Whoever reads the memory of the process finds them there: see
   * SECURITY.md. Defaults to keeping none.
   */
  cached?: SealedCacheOptions

  /**
   * Makes every plaintext as long as a multiple of so many bytes before it is encrypted, so that the
   * length of a token tells less of the value's. Tokens from before are read as they are, and padded when
   * they are written or rotated. At most 65,536. Defaults to no padding.
   */
  padTo?: number

  /**
   * Makes the property searchable by equality: `findBy({ email: "alice@example.com" })` works. A
   * hidden companion column holds a keyed digest of each value, which tells who can read the table
   * which rows are equal, and nothing else. Defaults to none.
   */
  blindIndex?: BlindIndexDeclaration

  /**
   * Declares the CHECK constraint that keeps plaintext out of the column, which bulk encryption adds
   * on demand, so that TypeORM's schema commands keep it; they add it where it is missing. On MySQL
   * and SQLite TypeORM does not manage it. Defaults to `false`.
   */
  constrained?: boolean

  /**
   * `null`, which is what a column has without one. Any other the database would store in plaintext.
   */
  default?: null

  /**
   * The database type. MySQL's `text` ends at 65,535 characters of token, which is 49,087 bytes of
   * plaintext; `mediumtext` and `longtext` hold more. With `paths`, also a type of documents. Defaults to
   * `"text"`, and with `paths` to `"json"`.
   */
  type?: DocumentColumnType | TokenColumnType

  /**
   * The length of a `varchar` column, in characters of token: at least 100, which holds 15 bytes of
   * plaintext; 255 hold 127 bytes. Values whose token is longer are refused before they are sent.
   */
  length?: number | string
}

const optionNames: OptionNames<EncryptedColumnOptions> = {
  codec: true,
  paths: true,
  ttl: true,
  plaintext: true,
  legacy: true,
  columnKey: true,
  sealed: true,
  padTo: true,
  cached: true,
  blindIndex: true,
  constrained: true,
  default: true,
  type: true,
  length: true,
  name: true,
  nullable: true,
  select: true,
  insert: true,
  update: true,
  charset: true,
  collation: true,
  comment: true,
}

/** Options of TypeORM that are refused where the model is validated, each with its own reason. */
const refusedOptions: Readonly<Partial<Record<keyof ColumnOptions, true>>> = {
  array: true,
  asExpression: true,
  enum: true,
  onUpdate: true,
  primary: true,
  unique: true,
}

/** The column options that an encrypted column registers. */
export type TokenColumnOptions = Omit<EncryptedColumnOptions, keyof EncryptedColumnDeclaration> & {
  readonly type: DocumentColumnType | TokenColumnType
  readonly transformer: UnboundTransformer
}

/**
 * Marks a property as an encrypted column: plaintext in the entity, a Fernet token in the database.
 * It only registers the column; `withEncryption(dataSource)` gives it keys, and until then every
 * read and write of it throws.
 *
 * @example
 * ```ts
 * @EncryptedColumn()
 * apiKey: string
 *
 * @EncryptedColumn({ codec: "date", nullable: true })
 * bornOn: Date | null
 * ```
 */
export function EncryptedColumn(options: EncryptedColumnOptions = {}): PropertyDecorator {
  return (target, propertyKey) => {
    if (typeof propertyKey === "object") {
      throw new TypeError(
        "@EncryptedColumn, as TypeORM's own decorators, is a legacy decorator: compile with " +
          "experimentalDecorators.",
      )
    }
    const owner = (target.constructor as { name?: string }).name ?? "Entity"
    Column(toColumnOptions(options, `${owner}.${String(propertyKey)}`))(target, propertyKey)
  }
}

/**
 * Returns the column options of an encrypted column for an `EntitySchema`; the same as
 * `@EncryptedColumn` on a property.
 *
 * @example
 * ```ts
 * new EntitySchema({ name: "camera", columns: { password: encryptedColumn() } })
 * ```
 */
export function encryptedColumn(options: EncryptedColumnOptions = {}): TokenColumnOptions {
  return toColumnOptions(options, "A column of an EntitySchema")
}

function toColumnOptions(options: EncryptedColumnOptions, column: string): TokenColumnOptions {
  const {
    paths,
    codec = paths && "json",
    ttl,
    plaintext,
    legacy,
    constrained,
    blindIndex,
    columnKey,
    sealed,
    padTo,
    cached,
    type = paths ? "json" : "text",
    ...columnOptions
  } = options
  const unknown = unknownOptions(options, { ...optionNames, ...refusedOptions })
  const transformer = new UnboundTransformer(column, {
    ...(codec !== undefined && { codec }),
    ...(paths !== undefined && { paths }),
    ...(ttl !== undefined && { ttl }),
    ...(plaintext !== undefined && { plaintext }),
    ...(legacy !== undefined && { legacy }),
    ...(constrained !== undefined && { constrained }),
    ...(blindIndex !== undefined && { blindIndex }),
    ...(columnKey !== undefined && { columnKey }),
    ...(sealed !== undefined && { sealed }),
    ...(padTo !== undefined && { padTo }),
    ...(cached !== undefined && { cached }),
    ...(unknown.length > 0 && { unknownOptions: unknown }),
  })
  const registered = { ...columnOptions, type, transformer }
  // TypeORM reads a column that has NULL by default back after an INSERT, and takes the value for a cell
  if (registered.default === null) delete registered.default
  return registered
}
