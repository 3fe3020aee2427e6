import type { ObjectLiteral, QueryBuilder } from "typeorm"

import { DecryptionError, KeyError } from "../../errors"
import type { BoundColumn } from "./bound-column"
import { encryptedColumnsOf } from "./encrypted-columns"

/** Rows of results whose cells were decrypted. */
const decrypted = new WeakSet()

/** Whether a raw row is one of a result whose cells were decrypted. */
export function isDecrypted(row: object): boolean {
  return decrypted.has(row)
}

/**
 * Decrypts the rows that a write returned, as in `RETURNING *`, in the `raw` of its result. What cannot
 * be read is `undefined` there, and no error: the write is done, and the row may be gone.
 */
export function decryptReturnedRows(
  { expressionMap: { mainAlias } }: QueryBuilder<ObjectLiteral>,
  result: unknown,
): void {
  const { raw } = (result ?? {}) as { readonly raw?: unknown }
  if (!Array.isArray(raw) || !mainAlias?.hasMetadata) return
  const columns = encryptedColumnsOf(mainAlias.metadata)
  for (const row of raw as readonly unknown[]) {
    if (typeof row !== "object" || row === null) continue
    const cells = row as Record<string, unknown>
    for (const { column, bound } of columns) {
      const name = column.databaseName
      if (Object.hasOwn(cells, name)) cells[name] = readable(bound, cells[name])
    }
    decrypted.add(row)
  }
}

function readable(bound: BoundColumn, cell: unknown): unknown {
  try {
    return bound.given(cell)
  } catch (error) {
    if (error instanceof DecryptionError || error instanceof KeyError) return undefined
    throw error
  }
}
