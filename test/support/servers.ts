import { databasesAskedFor } from "./database-names"
import { startMariaDb } from "./mariadb/start-mariadb"
import { startPostgres } from "./postgres/start-postgres"

/** What the run's one setup tells every test file, through the environment. */
export const serverVariables = {
  postgresUrl: "TEST_POSTGRES_URL",
  mariaDbUrl: "TEST_MARIADB_URL",
  mariaDbSkipped: "TEST_MARIADB_SKIPPED",
} as const

interface Stoppable {
  stop(): Promise<void>
}

/**
 * Starts the servers the run needs, once for all TypeORM versions and test files.
 *
 * @returns what to stop when the run is over
 * @throws if there is no PostgreSQL, or no MariaDB although `DATABASES` names it
 */
export async function startServers(): Promise<readonly Stoppable[]> {
  const asked = databasesAskedFor()
  const servers: Stoppable[] = []
  try {
    if (asked?.has("PostgreSQL") ?? true) servers.push(await postgres())
    if (asked?.has("MariaDB") ?? true) servers.push(await mariaDb(asked !== undefined))
  } catch (error) {
    await stopAll(servers)
    throw error
  }
  return servers
}

/** Stops them all. */
export async function stopAll(servers: readonly Stoppable[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()))
}

async function postgres(): Promise<Stoppable> {
  const server = await startPostgres()
  process.env[serverVariables.postgresUrl] = server.url
  return server
}

async function mariaDb(required: boolean): Promise<Stoppable> {
  const server = await startMariaDb()
  if (!("skipped" in server)) {
    process.env[serverVariables.mariaDbUrl] = server.url
    return server
  }
  if (required) throw new Error(`DATABASES names MariaDB, but there is none: ${server.skipped}`)
  process.env[serverVariables.mariaDbSkipped] = server.skipped
  return { stop: () => Promise.resolve() }
}
