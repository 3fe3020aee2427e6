import { createInterface } from "node:readline/promises"

import { UsageError } from "./exit-code"
import type { EncryptedTable } from "../bulk/encrypted-tables"

/** A terminal to ask on: standard input and error, or what a test puts in their place. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly output: NodeJS.WritableStream
}

/**
 * Asks whether a table may be turned back into plaintext; `y` or the table's name is a yes.
 *
 * @throws {@link UsageError} if there is no terminal to ask on, or the answer is anything else
 */
export async function requireConsent(
  { name, columns }: Pick<EncryptedTable, "columns" | "name">,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<void> {
  if (!input.isTTY) {
    throw new UsageError("column:decrypt asks before it begins; without a terminal pass --yes.")
  }
  const labels = columns.map(({ label }) => label).join(", ")
  const terminal = createInterface({ input, output })
  try {
    const question = `Turn ${labels} back into plaintext? Type y or the table's name, ${name}: `
    const answer = (await terminal.question(question)).trim()
    if (answer !== "y" && answer !== name) throw new UsageError("Nothing was decrypted.")
  } finally {
    terminal.close()
  }
}
