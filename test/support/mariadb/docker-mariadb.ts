import { type DatabaseContainer, requireContainers } from "../containers"
import { withTimeLimit } from "../time-limit"
import { askMariaDb } from "./ask-mariadb"
import type { MariaDbServer } from "./start-mariadb"

interface MariaDbContainers {
  readonly MariaDbContainer: new (image: string) => DatabaseContainer
}

/** Enough to pull the image over a slow line once. */
const pullAndStartTimeoutMs = 180_000
/** Shorter, because past it testcontainers removes the container itself. */
const startTimeoutMs = 60_000

/**
 * Starts MariaDB in a container. `MARIADB_IMAGE` names another image, such as a mirror's.
 *
 * @throws if the image cannot be pulled or the container does not start
 */
export async function startDockerMariaDb(): Promise<MariaDbServer> {
  const { MariaDbContainer } = requireContainers("@testcontainers/mariadb") as MariaDbContainers
  const image = process.env.MARIADB_IMAGE ?? "mariadb:11.4"
  const starting = new MariaDbContainer(image).withStartupTimeout(startTimeoutMs).start()
  const container = await withTimeLimit(
    `Starting ${image}`,
    pullAndStartTimeoutMs,
    starting,
    (late) => late.stop(),
  )
  const url = container.getConnectionUri(true).replace(/^mariadb:/, "mysql:")
  await askMariaDb(url, 5_000)
  const stop = async () => {
    await container.stop()
  }
  return { url, stop }
}
