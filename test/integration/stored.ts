import type { TestDatabase } from "../support/databases"
import { keyring } from "../support/keys"

/** Returns the rows of a table as stored, in the order of their ids. */
export function rowsOf(db: TestDatabase, table: string): Promise<Record<string, unknown>[]> {
  return db.rawRows(`SELECT * FROM ${db.escape(table)} ORDER BY ${db.escape("id")}`)
}

/** Returns what a cell holds, which must be a token of the tests' keyring or NULL. */
export function open(cell: unknown): string | null {
  if (cell === null) return null
  if (typeof cell === "string") return Buffer.from(keyring.decrypt(cell)).toString("utf8")
  throw new TypeError(`A cell holds neither text nor NULL but ${typeof cell}.`)
}
