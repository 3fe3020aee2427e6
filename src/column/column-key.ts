import { type ColumnKeyMode, isDerivable } from "../fernet/column-key"
import { type OptionNames, unknownOptions } from "../unknown-options"

/** How a column has keys of its own, where its mode alone does not say it. */
export interface ColumnKeyOptions {
  /** Defaults to the `columnKeys` option of `withEncryption`, else to `"only"`. */
  readonly mode?: ColumnKeyMode

  /**
   * What the keys are derived from, besides those of the DataSource: a text, or several in order. Keep
   * the old one here when a table or column is renamed, so that its tokens still open, and give a view
   * that of the column it shows. Defaults to `[schema, table, column]`, by the names of the database,
   * without the schema where the entity has none.
   */
  readonly context: string | readonly string[]
}

/** What `@EncryptedColumn({ columnKey })` takes: a mode, options, or `false` for shared keys. */
export type ColumnKeyDeclaration = ColumnKeyMode | ColumnKeyOptions | false

/** The keys of one column, with everything its declaration leaves open filled in. */
export interface ColumnKey {
  readonly mode: ColumnKeyMode
  readonly context: readonly string[]
}

/** Where a column is, by names of the database. */
export interface ColumnPlace {
  readonly schema: string | undefined
  readonly table: string
  readonly column: string
}

const MODES: readonly unknown[] = ["ready", "moving", "only"]

/** The modes as a message lists them. */
export const columnKeyModeNames = '"ready", "moving" or "only"'

/** Whether a value is a mode. */
export function isColumnKeyMode(value: unknown): value is ColumnKeyMode {
  return MODES.includes(value)
}

/**
 * Returns the keys of a column, if it has, or is to have, keys of its own.
 *
 * @param forAll - the mode of columns that do not say theirs
 */
export function columnKeyOf(
  declaration: ColumnKeyDeclaration | undefined,
  forAll: ColumnKeyMode | undefined,
  place: ColumnPlace,
): ColumnKey | undefined {
  if (declaration === false) return undefined
  if (typeof declaration !== "object") {
    const mode = declaration ?? forAll
    return mode && { mode, context: contextOf(place) }
  }
  const { mode = forAll ?? "only", context } = declaration
  return { mode, context: typeof context === "string" ? [context] : context }
}

/** In two schemas a column has two keys, as its blind index has. */
function contextOf({ schema, table, column }: ColumnPlace): readonly string[] {
  return schema ? [schema, table, column] : [table, column]
}

const optionNames: OptionNames<ColumnKeyOptions> = { mode: true, context: true }

/** Returns what is wrong with a declaration, each worded to follow the column's name. */
export function columnKeyMisuse(declaration: unknown): readonly string[] {
  if (declaration === undefined || declaration === false || isColumnKeyMode(declaration)) return []
  if (typeof declaration !== "object" || declaration === null) {
    return [`has a columnKey that is none of ${columnKeyModeNames}, false, or options`]
  }
  const { mode, context } = declaration as Readonly<Record<string, unknown>>
  const parts: readonly unknown[] = Array.isArray(context) ? context : [context]
  return [
    ...unknownOptions(declaration, optionNames).map(
      (problem) => `has a columnKey with an ${problem}`,
    ),
    ...(mode === undefined || isColumnKeyMode(mode)
      ? []
      : [`has a columnKey whose mode is none of ${columnKeyModeNames}`]),
    ...(parts.length > 0 && parts.every(isPart) && isDerivable(parts)
      ? []
      : ["has a columnKey whose context is neither a text nor a list of texts, at most 900 bytes"]),
  ]
}

function isPart(part: unknown): part is string {
  return typeof part === "string" && part !== "" && part.isWellFormed()
}
