import { DataSource, type DataSourceOptions } from "typeorm"

import { withEncryption } from "typeorm-fernet"
import { PostgresUnavailableError } from "../../test/support/postgres/postgres-server"
import { startPostgres } from "../../test/support/postgres/start-postgres"
import { LastStatement } from "./last-statement"
import { Patient, tableName } from "./patient"
import { Visitor, visitorTable } from "./visitor"

/** The keys of the demo, as a secret manager has them: the first encrypts. */
export type DemoKeys = string[]

/** A database with the demo's tables in it. */
export interface DemoDatabase {
  readonly dataSource: DataSource
  readonly statements: LastStatement
  /** Drops the tables, and stops the server if the demo started it. */
  close(): Promise<void>
}

interface Server {
  readonly connection: DataSourceOptions
  stop(): Promise<void>
}

/**
 * Opens the server at `DATABASE_URL` or starts a PostgreSQL of the demo's own, and creates the
 * demo's tables through TypeORM.
 */
export async function openDatabase(keys: DemoKeys): Promise<DemoDatabase> {
  const server = await findServer()
  const statements = new LastStatement()
  const dataSource = withEncryption(
    new DataSource({
      ...server.connection,
      entities: [Patient, Visitor],
      synchronize: true,
      logger: statements,
    }),
    { keyring: () => [...keys], refreshKeys: { every: 3600 } },
  )
  try {
    await dataSource.initialize()
  } catch (error) {
    await server.stop()
    throw error
  }
  const close = async (): Promise<void> => {
    const runner = dataSource.createQueryRunner()
    for (const table of [tableName, visitorTable]) await runner.dropTable(table)
    await dataSource.destroy()
    await server.stop()
  }
  return { dataSource, statements, close }
}

async function findServer(): Promise<Server> {
  try {
    const server = await startPostgres({ prefer: "embedded", announce: console.log })
    return { connection: { type: "postgres", url: server.url }, stop: () => server.stop() }
  } catch (error) {
    if (!(error instanceof PostgresUnavailableError) || isChosen()) throw error
    console.log("There is no PostgreSQL here: this demo runs on SQLite in memory instead.")
    return { connection: { type: "sqljs" }, stop: () => Promise.resolve() }
  }
}

/** Whoever names a server wants that one or an error. */
function isChosen(): boolean {
  return [process.env.DATABASE_URL, process.env.TEST_DB].some(Boolean)
}
