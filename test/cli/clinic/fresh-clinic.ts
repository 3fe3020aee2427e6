import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import Database from "better-sqlite3"

import { keys } from "../../support/keys"
import { marker } from "../run-cli"

/** A database file with the tables of the clinic, and what a command needs to find it. */
export interface Clinic {
  readonly directory: string
  readonly environment: NodeJS.ProcessEnv
  /** Runs a statement on the file. */
  readonly run: (sql: string, ...values: readonly unknown[]) => void
  /** Returns the first column of a query. */
  readonly pluck: (sql: string) => unknown[]
  readonly close: () => void
}

/** Creates a clinic with so many patients, each with an `ssn` in plaintext, and one visit. */
export function freshClinic(patients: number): Clinic {
  const directory = mkdtempSync(join(tmpdir(), "typeorm-fernet-cli-"))
  const file = join(directory, "clinic.sqlite")
  const database = new Database(file)
  database.exec(
    `CREATE TABLE patient (id int PRIMARY KEY, name text NOT NULL, ssn text, weight text);
     CREATE TABLE visit (ward text, bed int, notes text NOT NULL, PRIMARY KEY (ward, bed));
     INSERT INTO visit VALUES ('A', 1, '${marker} notes');
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${patients})
     INSERT INTO patient SELECT i, 'patient ' || i, '${marker} ' || i, NULL FROM n;`,
  )
  return {
    directory,
    environment: { CLINIC: file, ENCRYPTION_KEY: keys.first },
    run: (sql, ...values) => void database.prepare(sql).run(...values),
    pluck: (sql) => database.prepare(sql).pluck().all(),
    close() {
      database.close()
      rmSync(directory, { recursive: true })
    },
  }
}
