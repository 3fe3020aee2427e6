import { writesPlaintext } from "../../column/phase"
import { countEncrypted } from "../events/tally"
import type { BoundColumn } from "./bound-column"

/** Returns the cell to store for a value, and has it counted if it is a token. */
export function countedCell(column: BoundColumn, value: unknown): string | null | undefined {
  const cell = column.cellOf(value)
  const isToken = cell !== null && cell !== undefined && !writesPlaintext(column.phase)
  if (isToken) countEncrypted(column.property, () => column.writingKey)
  return cell
}
