import { dockerAnswers } from "../docker-engine"
import { reason } from "../reason"
import { askMariaDb } from "./ask-mariadb"
import { startDockerMariaDb } from "./docker-mariadb"

/** A MariaDB or MySQL that answers, and how to let go of it. */
export interface MariaDbServer {
  /** The URL of an account that may create databases. */
  readonly url: string
  /** Stops the server if it was started here. */
  stop(): Promise<void>
}

/** Why there is none. */
export interface MariaDbMissing {
  readonly skipped: string
}

const localUrl = "mysql://root@127.0.0.1:3306"

/**
 * Finds a MariaDB or MySQL: at `MYSQL_URL`, else on this machine's default port for root without
 * a password, else in a container when a Docker engine answers. `TEST_DB=docker` goes straight to
 * the container, another `TEST_DB` never starts one.
 *
 * @throws if `MYSQL_URL` is set and no server answers there
 */
export async function startMariaDb(): Promise<MariaDbServer | MariaDbMissing> {
  const url = process.env.MYSQL_URL
  const only = process.env.TEST_DB
  if (url) return useServerAt(url)
  if (only !== "docker" && (await answers(localUrl))) {
    return running("on the default port", localUrl)
  }
  if ((!only || only === "docker") && (await dockerAnswers())) return fromDocker()
  return skipped("nothing answers at 127.0.0.1:3306 for root without a password; set MYSQL_URL")
}

async function useServerAt(url: string): Promise<MariaDbServer> {
  try {
    await askMariaDb(url, 30_000)
  } catch (cause) {
    throw new Error(`MYSQL_URL is set, but no server answers: ${reason(cause)}`, { cause })
  }
  return running("from MYSQL_URL", url)
}

async function fromDocker(): Promise<MariaDbServer | MariaDbMissing> {
  try {
    const server = await startDockerMariaDb()
    process.stderr.write(`MariaDB: docker, ${server.url}\n`)
    return server
  } catch (error) {
    return skipped(reason(error))
  }
}

function running(where: string, url: string): MariaDbServer {
  process.stderr.write(`MariaDB: ${where}\n`)
  return { url, stop: () => Promise.resolve() }
}

function skipped(why: string): MariaDbMissing {
  process.stderr.write(`MariaDB: skipped, ${why}\n`)
  return { skipped: why }
}

async function answers(url: string): Promise<boolean> {
  // A port without a server refuses at once
  return askMariaDb(url, 30_000).then(
    () => true,
    () => false,
  )
}
