import { DataSource, type DataSourceOptions, EntitySchema, type Repository } from "typeorm"

import { encryptedColumn, Keyring, withEncryption } from "../../src"
import { BlindIndexer } from "../../src/search/blind-indexer"
import { ringKeys } from "../fernet/texts"
import { LastSelect } from "./last-select"

/** What is searched for. */
interface Patient {
  id: number
  email: string
}

/** Two tables with the same rows, one of them encrypted, both with an index. */
export interface Tables {
  readonly plain: Repository<Patient>
  readonly encrypted: Repository<Patient>
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
  const unbound = await new DataSource({ ...connection, entities: [Plain] }).initialize()
  await unbound.synchronize()
  const bound = await openEncrypted(connection)
  await bound.synchronize()
  const encrypted = bound.getRepository(Encrypted)
  return {
    plain: unbound.getRepository(Plain),
    encrypted,
    fill: (rows) => fill(unbound, rows),
    async planOfSearch() {
      const log = new LastSelect()
      const watched = await openEncrypted({ ...connection, logger: log, logging: ["query"] })
      await watched.getRepository(Encrypted).findOneBy({ email: emailOf(1) })
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

function openEncrypted(connection: DataSourceOptions): Promise<DataSource> {
  const dataSource = new DataSource({ ...connection, entities: [Encrypted] })
  return withEncryption(dataSource, { keyring }).initialize()
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
