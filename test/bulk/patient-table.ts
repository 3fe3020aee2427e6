import type { DataSource } from "typeorm"

import type { BulkTarget, Codec, ColumnDescription } from "../../src"
import { keyring } from "../support/keys"
import { memorySource } from "../binding/memory-source"

/** A cell as it is put into a table and found there. */
type Cell = string | null

/** A table of patients in memory, without an entity. */
export interface PatientTable {
  readonly source: DataSource
  /** Its columns `ssn`, with a blind index, and `note`. */
  readonly target: BulkTarget
  /** The same without the index. */
  readonly unindexed: BulkTarget
  /** The same, where others write while `ssn` is decided about. */
  readonly racing: (others: (plaintext: string) => void) => BulkTarget
  /** Runs a statement at once, as another connection could between any two of a run. */
  readonly run: (sql: string, ...values: readonly unknown[]) => void
  /** The number of rows in a table. */
  readonly count: (table: string) => number
  /** The cells of a column by the ids of their rows. */
  readonly cells: (column: string) => Readonly<Record<number, Cell>>
  /** The same, opened if they are tokens. */
  readonly opened: (column: string) => Readonly<Record<number, Cell>>
}

/** Creates the table with rows of an `ssn` and a `note`, numbered by tens: 10, 20, … */
export async function patientTable(
  rows: readonly (readonly [ssn: Cell, note?: Cell])[],
  { unique = false, database = ":memory:" }: { unique?: boolean; database?: string } = {},
): Promise<PatientTable> {
  const source = await memorySource([], { database }).initialize()
  const { databaseConnection } = source.driver as unknown as { databaseConnection: Database }
  const run = (sql: string, ...values: readonly unknown[]): void => {
    databaseConnection.prepare(sql).run(...values)
  }
  run("CREATE TABLE patient (id integer PRIMARY KEY, ssn text, note text, ssn_bidx text)")
  for (const [i, [ssn, note = null]] of rows.entries()) {
    run("INSERT INTO patient VALUES (?, ?, ?, NULL)", (i + 1) * 10, ssn, note)
  }
  if (unique) run("CREATE UNIQUE INDEX one_ssn ON patient (ssn_bidx)")
  const cells = (column: string): Record<number, Cell> => {
    const all = databaseConnection.prepare(`SELECT id, ${column} AS cell FROM patient`).all()
    return Object.fromEntries(all.map(({ id, cell }) => [id, cell]))
  }
  const described = (ssn: ColumnDescription): BulkTarget => ({
    table: "patient",
    columns: { ssn: { ...ssn, blindIndex: { unique } }, note: {} },
  })
  return {
    ...{ source, run, cells },
    count: (name) => databaseConnection.prepare(`SELECT * FROM ${name}`).all().length,
    target: described({}),
    unindexed: { table: "patient", columns: { ssn: {}, note: {} } },
    racing: (others) => described({ codec: racingCodec(others) }),
    opened: (column) =>
      Object.fromEntries(Object.entries(cells(column)).map(([id, cell]) => [id, open(cell)])),
  }
}

interface Database {
  prepare(sql: string): {
    run(...values: readonly unknown[]): void
    all(): { id: number; cell: Cell }[]
  }
}

/** Runs between reading a cell and writing it. */
function racingCodec(others: (plaintext: string) => void): Codec {
  return {
    encode: (value) => Buffer.from(String(value), "utf8"),
    decode(bytes) {
      const plaintext = Buffer.from(bytes).toString("utf8")
      others(plaintext)
      return plaintext
    },
  }
}

function open(cell: Cell): Cell {
  if (cell === null) return null
  try {
    return `opened ${keyring.decryptText(cell)}`
  } catch {
    return cell
  }
}
