import { reason } from "../reason"
import { askVersion } from "./ask-server"
import { startDockerServer } from "./docker-server"
import { startOwnServer } from "./own-server"
import { PostgresUnavailableError, type PostgresKind, type PostgresServer } from "./postgres-server"
import { embeddedBinaries, systemBinaries } from "./server-binaries"

/** How `startPostgres` chooses and runs a server. */
export interface StartPostgresOptions {
  /**
   * What to try first when nothing is forced. Defaults to `"docker"`; `"embedded"` starts in a
   * second and pulls nothing.
   */
  readonly prefer?: PostgresKind
  /** Whether commits reach the disk, as a benchmark needs. Defaults to `false`. */
  readonly durable?: boolean
  /** Receives one line for each step. Defaults to writing to stderr. */
  readonly announce?: (line: string) => void
}

const kinds: readonly PostgresKind[] = ["docker", "embedded", "system"]

const starters: Record<PostgresKind, (durable: boolean) => Promise<Omit<PostgresServer, "kind">>> =
  {
    docker: startDockerServer,
    embedded: async (durable) => startOwnServer(embeddedBinaries(), durable),
    system: async (durable) => startOwnServer(systemBinaries(), durable),
  }

/**
 * Finds or starts a real PostgreSQL, the first that works: the one `TEST_DB` forces
 * (`docker`, `embedded` or `system`), else the server at `DATABASE_URL`, else Docker, the
 * binaries npm installed, the system's binaries. A server of ours ends with this process; a
 * container ends by `stop()`, or by the reaper of testcontainers.
 *
 * @throws {PostgresUnavailableError} if there is none, or the one asked for does not work
 */
export async function startPostgres(options: StartPostgresOptions = {}): Promise<PostgresServer> {
  const { prefer = "docker", durable = false, announce = writeToStderr } = options
  const forced = forcedKind()
  const url = process.env.DATABASE_URL
  if (forced === undefined && url) return useServerAt(url, announce)
  const order = forced ? [forced] : [prefer, ...kinds.filter((kind) => kind !== prefer)]
  const failures: string[] = []
  for (const kind of order) {
    try {
      const server = { ...(await starters[kind](durable)), kind }
      announce(`PostgreSQL ${server.version}: ${kind}, ${server.url}`)
      return server
    } catch (error) {
      if (!(error instanceof PostgresUnavailableError)) throw error
      failures.push(`${kind}: ${error.message}`)
      announce(`PostgreSQL: not from ${kind}. ${error.message}`)
    }
  }
  throw new PostgresUnavailableError(
    `No PostgreSQL. Set DATABASE_URL, start Docker, or run npm install again.\n${failures.join("\n")}`,
  )
}

function forcedKind(): PostgresKind | undefined {
  const value = process.env.TEST_DB
  if (!value) return undefined
  const forced = kinds.find((kind) => kind === value)
  if (forced) return forced
  throw new PostgresUnavailableError(`TEST_DB is "${value}"; it can be ${kinds.join(", ")}.`)
}

async function useServerAt(url: string, announce: (line: string) => void): Promise<PostgresServer> {
  try {
    const version = await askVersion(url, 30_000)
    announce(`PostgreSQL ${version}: from DATABASE_URL`)
    return { url, version, kind: "url", stop: () => Promise.resolve() }
  } catch (cause) {
    const message = `DATABASE_URL is set, but no server answers: ${reason(cause)}`
    throw new PostgresUnavailableError(message, { cause })
  }
}

function writeToStderr(line: string): void {
  process.stderr.write(`${line}\n`)
}
