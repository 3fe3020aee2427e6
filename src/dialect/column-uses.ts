import type { Connection } from "./connection"

/** What a database has that may use a column. */
export type ColumnUseKind =
  | "check"
  | "default"
  | "event"
  | "foreign key"
  | "function"
  | "generated column"
  | "index"
  | "other"
  | "partition"
  | "policy"
  | "publication"
  | "rule"
  | "trigger"
  | "view"

/** One thing in a database that uses a column. */
export interface ColumnUse {
  readonly kind: ColumnUseKind
  readonly name: string
  /** Whether only its text names the column, which may be a column of another table. */
  readonly byText: boolean
  /** The statement that takes it away; `undefined` where none does that alone. */
  readonly remove: string | undefined
}

/** A column as the database names it. */
export interface NamedColumn {
  /** The table's path, its parts escaped. */
  readonly path: string
  readonly table: string
  readonly column: string
}

/** Finds what uses a column; by the catalogue where there is one, and else by the text of what is there. */
export type FindUses = (connection: Connection, named: NamedColumn) => Promise<readonly ColumnUse[]>

/** Whether a text names something, in whatever quotes and case. */
export function names(text: unknown, name: string): boolean {
  const escaped = name.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")
  const word = new RegExp(`(?<![\\p{L}\\p{N}_$])${escaped}(?![\\p{L}\\p{N}_$])`, "iu")
  return typeof text === "string" && word.test(text)
}
