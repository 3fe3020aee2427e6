import type { TestDatabase } from "../../support/databases"

/** A cell as it is put into a table and found there. */
export type Cell = string | null

/** Two encrypted columns of a table that has no entity. */
export const patients = { table: "patient", columns: { ssn: {}, note: {} } } as const

/** Creates the table afresh with rows of two cells each, numbered from 1. */
export async function createPatients(
  db: TestDatabase,
  rows: readonly (readonly [ssn: Cell, note: Cell])[],
): Promise<void> {
  const text = db.name === "MariaDB" ? "longtext" : "text"
  await db.dropAllTables()
  await db.rawRows(`CREATE TABLE patient (id int PRIMARY KEY, ssn ${text}, note ${text})`)
  for (const [i, cells] of rows.entries()) {
    await db.rawRows(`INSERT INTO patient VALUES (${placeholders(db, 3)})`, [i + 1, ...cells])
  }
}

/** Returns all rows as stored, in the order of their ids. */
export async function patientRows(db: TestDatabase): Promise<readonly (readonly [Cell, Cell])[]> {
  const rows = await db.rawRows("SELECT ssn, note FROM patient ORDER BY id")
  return rows.map(({ ssn, note }) => [ssn as Cell, note as Cell])
}

/** Returns the first cell of each row as stored, in the order of their ids. */
export async function patientSsns(db: TestDatabase): Promise<readonly Cell[]> {
  return (await patientRows(db)).map(([ssn]) => ssn)
}

/** Returns the placeholders of so many values. */
export function placeholders(db: TestDatabase, count: number): string {
  const places = Array.from({ length: count }, (_, i) =>
    db.name === "PostgreSQL" ? `$${i + 1}` : "?",
  )
  return places.join(", ")
}
