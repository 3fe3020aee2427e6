import { DataSource, type DataSourceOptions, EntitySchema, type Repository } from "typeorm"

import { encryptedColumn, Keyring, withEncryption } from "../../src"
import { BlindIndexer } from "../../src/search/blind-indexer"
import { ringKeys } from "../fernet/texts"
import { LastSelect } from "./last-select"

/** The contenders, of a table each. */
export const [PLAIN, ENCRYPTED] = [
  "plain indexed column",
  "encrypted column with a blind index",
] as const

/** What is searched for. */
interface Patient {
  id: number
  email: string
}

/** Two tables with the same rows, one of them encrypted, both with an index. */
export interface Tables {
  /** Fills both with the rows 1 to `rows`, faster than TypeORM would. */
  fill(rows: number): Promise<void>
  /** Returns what EXPLAIN says of the statement that searches the encrypted table. */
  planOfSearch(): Promise<string>
  stop(): Promise<void>
}

/** Rows of one INSERT. */
const BATCH = 10_000

const keyring = new Keyring([ringKeys[0] ?? ""])
/** Like the index of the entity: by table, column and companion column. */
const indexer = new BlindIndexer(
  { context: "encrypted/email/email_bidx", normalize: [], bits: 128 },
  keyring,
)

/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment -- TypeORM declares options as a class and takes plain objects */
const Plain = new EntitySchema<Patient>({
  name: "plain",
  columns: { id: { type: "int", primary: true }, email: { type: "text" } },
  indices: [{ name: "plain_email", columns: ["email"] }],
})
const Encrypted = new EntitySchema<Patient>({
  name: "encrypted",
  columns: {
    id: { type: "int", primary: true },
    email: encryptedColumn({ blindIndex: true }),
  },
})
/* eslint-enable @typescript-eslint/no-unsafe-class-instance-assignment */

/** Connects and makes the tables. */
export async function openTables(connection: DataSourceOptions): Promise<Tables> {
  const [unbound] = await openTable(connection, PLAIN)
  await unbound.synchronize()
  const [bound] = await openTable(connection, ENCRYPTED)
  await bound.synchronize()
  return {
    fill: (rows) => fill(unbound, rows),
    async planOfSearch() {
      const log = new LastSelect()
      const logged = { ...connection, logger: log, logging: ["query" as const] }
      const [watched, repository] = await openTable(logged, ENCRYPTED)
      await repository.findOneBy({ email: emailOf(1) })
      await watched.destroy()
      const { sql, parameters } = log
      const plan: readonly Readonly<Record<string, string>>[] = await unbound.query(
        `EXPLAIN ${sql}`,
        [...parameters],
      )
      return plan.flatMap((row) => Object.values(row)).join("\n")
    },
    async stop() {
      await bound.destroy()
      await unbound.destroy()
    },
  }
}

/** Connects to the table of a contender. */
export async function openTable(
  connection: DataSourceOptions,
  name: string,
): Promise<readonly [DataSource, Repository<Patient>]> {
  const entity = name === ENCRYPTED ? Encrypted : Plain
  const unbound = new DataSource({ ...connection, entities: [entity] })
  const source = name === ENCRYPTED ? withEncryption(unbound, { keyring }) : unbound
  await source.initialize()
  return [source, source.getRepository(entity)]
}

/** The address of the row with an id, always the same. */
export function emailOf(id: number): string {
  return `${String(id).padStart(12, "0")}@example.org`
}

async function fill(dataSource: DataSource, rows: number): Promise<void> {
  for (let start = 1; start <= rows; start += BATCH) {
    const ids = Array.from({ length: Math.min(BATCH, rows - start + 1) }, (_, i) => start + i)
    const emails = ids.map(emailOf)
    const tokens = keyring.encryptMany(emails)
    const digests = emails.map((email) => indexer.stored([email]))
    await dataSource.query(
      `INSERT INTO "plain" (id, email) SELECT * FROM unnest($1::int[], $2::text[])`,
      [ids, emails],
    )
    await dataSource.query(
      `INSERT INTO "encrypted" (id, email, email_bidx)
       SELECT * FROM unnest($1::int[], $2::text[], $3::text[])`,
      [ids, tokens, digests],
    )
  }
  await dataSource.query('VACUUM (ANALYZE) "plain"')
  await dataSource.query('VACUUM (ANALYZE) "encrypted"')
}
