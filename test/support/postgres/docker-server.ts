import {
  type DatabaseContainer,
  requireContainers,
  type StartedContainer,
  type Testcontainers,
} from "../containers"
import { dockerAnswers } from "../docker-engine"
import { reason } from "../reason"
import { withTimeLimit } from "../time-limit"
import { askVersion } from "./ask-server"
import { PostgresUnavailableError, type PostgresServer } from "./postgres-server"

interface PostgreSqlContainers {
  readonly PostgreSqlContainer: new (image: string) => DatabaseContainer
}

/** Enough to pull the image over a slow line once. */
const pullAndStartTimeoutMs = 180_000
/** Shorter, because past it testcontainers removes the container itself. */
const startTimeoutMs = 60_000

/**
 * Starts PostgreSQL in a container. `POSTGRES_IMAGE` names another image, such as a mirror's.
 *
 * @throws {PostgresUnavailableError} if no engine answers or the container does not start
 */
export async function startDockerServer(durable: boolean): Promise<Omit<PostgresServer, "kind">> {
  if (!(await dockerAnswers())) throw new PostgresUnavailableError("No Docker engine answers.")
  const image = process.env.POSTGRES_IMAGE ?? "postgres:17-alpine"
  try {
    const container = await startContainer(image, durable)
    const url = container.getConnectionUri()
    const version = await askVersion(url, 5_000)
    const stop = async () => {
      await container.stop()
    }
    return { url, version, stop }
  } catch (cause) {
    const message = `The image ${image} does not start: ${reason(cause)}`
    throw new PostgresUnavailableError(message, { cause })
  }
}

async function startContainer(image: string, durable: boolean): Promise<StartedContainer> {
  const { PostgreSqlContainer } = requireContainers(
    "@testcontainers/postgresql",
  ) as PostgreSqlContainers
  const { Wait } = requireContainers("testcontainers") as Testcontainers
  const settings = durable ? [] : ["-c", "fsync=off", "-c", "synchronous_commit=off"]
  // The image starts a server twice, the first time to set it up. Health checks, the default,
  // never run under Podman without systemd.
  const ready = Wait.forLogMessage("database system is ready to accept connections", 2)
  const starting = new PostgreSqlContainer(image)
    .withCommand(["postgres", ...settings])
    .withWaitStrategy(Wait.forAll([ready, Wait.forListeningPorts()]))
    .withStartupTimeout(startTimeoutMs)
    .start()
  return withTimeLimit("starting it", pullAndStartTimeoutMs, starting, (late) => late.stop())
}
