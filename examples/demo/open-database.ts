import { DataSource, type DataSourceOptions } from "typeorm"

import { Keyring, withEncryption } from "typeorm-fernet"
import { PostgresUnavailableError } from "../../test/support/postgres/postgres-server"
import { startPostgres } from "../../test/support/postgres/start-postgres"
import { Patient, tableName } from "./patient"

/** A database with the demo's table in it. */
export interface DemoDatabase {
  readonly dataSource: DataSource
  /** Drops the table, and stops the server if the demo started it. */
  close(): Promise<void>
}

interface Server {
  readonly connection: DataSourceOptions
  stop(): Promise<void>
}

/**
 * Opens the server at `DATABASE_URL` or starts a PostgreSQL of the demo's own, and creates the
 * demo's table through TypeORM.
 */
export async function openDatabase(key: string): Promise<DemoDatabase> {
  const server = await findServer()
  const dataSource = withEncryption(
    new DataSource({ ...server.connection, entities: [Patient], synchronize: true }),
    { keyring: new Keyring([key]) },
  )
  try {
    await dataSource.initialize()
  } catch (error) {
    await server.stop()
    throw error
  }
  const close = async (): Promise<void> => {
    await dataSource.createQueryRunner().dropTable(tableName)
    await dataSource.destroy()
    await server.stop()
  }
  return { dataSource, close }
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
