import { startEmbeddedPostgres } from "../database/embedded-postgres.js"
import { type Config, readConfig } from "./config.js"
import { prepareSecrets } from "./first-start.js"
import { KeyStore } from "./key-store.js"
import { dataFolder } from "./paths.js"

/** What the vault and its commands begin with. */
export interface Ready {
  readonly config: Config
  readonly keys: KeyStore
  /** The names of the secrets that had to be made. */
  readonly made: readonly string[]
  /** Ends the embedded PostgreSQL, whoever started it. */
  stop(): Promise<void>
  /** Ends it if it was started here. */
  release(): Promise<void>
}

/** Reads the environment, with a PostgreSQL of the vault's own unless `DATABASE_URL` names one. */
export async function getReady(env: NodeJS.ProcessEnv = process.env): Promise<Ready> {
  const made = prepareSecrets(env)
  const isGiven = env.DATABASE_URL ?? env.DATABASE_URL_FILE
  const postgres = isGiven
    ? undefined
    : await startEmbeddedPostgres(dataFolder(), env.POSTGRES_PASSWORD ?? "")
  if (postgres) env.DATABASE_URL = postgres.url
  const stop = async () => postgres?.stop()
  const release = async () => (postgres?.wasRunning ? undefined : stop())
  try {
    return { config: readConfig(env), keys: KeyStore.find(env), made, stop, release }
  } catch (error) {
    await release()
    throw error
  }
}
