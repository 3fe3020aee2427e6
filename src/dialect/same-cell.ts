import type { Cell } from "./batch"

/**
 * Whether two cells hold the same: text as it is, and a document, which its database may spell in another
 * way than it was written, by what it says.
 */
export function isSameCell(one: Cell | undefined, other: Cell, isDocument: boolean): boolean {
  if (one === other) return true
  if (!isDocument || typeof one !== "string" || other === null) return false
  try {
    return canonical(one) === canonical(other)
  } catch {
    return false
  }
}

function canonical(document: string): string {
  return JSON.stringify(JSON.parse(document, sorted))
}

/** Members as a list, marked as one of an object: in an object, keys that are numbers would come first. */
function sorted(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value
  return { members: Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)) }
}

/** Says of each of a table's columns whether it holds documents. */
export function documentColumns(
  columns: readonly string[],
  documents: Readonly<Record<string, string>> = {},
): readonly boolean[] {
  return columns.map((name) => Object.hasOwn(documents, name))
}
