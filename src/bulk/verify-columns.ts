import { describeDecodingFailure } from "../binding/columns/cell-codec"
import type { Keyring } from "../fernet/keyring"
import type { BulkTarget } from "./bulk-target"
import type { CellWork } from "./cell-work"
import { cellByCell } from "./column-work"
import type { BulkOptions } from "./options"
import type { BulkReport } from "./report"
import { runBulk } from "./run-bulk"
import type { BulkSource } from "./workers"

/**
 * Opens every token, decodes its plaintext, and writes nothing. Every cell that is neither NULL nor
 * a token that opens to a value of its column is a failure, listed by the primary key of its row.
 *
 * @throws {@link KeyError} if there are no keys
 */
export function verifyColumns(
  source: BulkSource,
  target: BulkTarget,
  options: BulkOptions = {},
): Promise<BulkReport> {
  return runBulk(source, target, options, {
    filter: undefined,
    work: verifyWork,
    companions: "proven",
    columnWork: cellByCell(verifyWork),
    types: { grows: false, alter: false },
  })
}

/** An unreadable cell is a failure of every run, and therefore none of this work's own. */
function verifyWork(keyring: Keyring): CellWork {
  return (cell, { state }, { label, codec }) => {
    if (state === "plaintext") return { problem: `${label} holds plaintext.` }
    if (state === "unreadable") return undefined
    try {
      if ("decodeText" in codec) codec.decodeText(keyring.decryptText(cell))
      else codec.decode(keyring.decrypt(cell))
      return undefined
    } catch (error) {
      return { problem: `${label} opens, but ${describeDecodingFailure(error)}.` }
    }
  }
}
