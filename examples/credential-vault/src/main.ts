import "reflect-metadata"

import { DataSource } from "typeorm"

import { createApp } from "./app.js"
import { getReady } from "./config/connect.js"
import { envFile } from "./config/paths.js"
import { prepareDatabase } from "./database/prepare-database.js"
import { firstAdmin } from "./database/seed.js"
import { makeLogger } from "./http/logger.js"
import { ensureAdmin } from "./users/users.js"

const tell = (line: string) => process.stderr.write(`${line}\n`)

/** Starts the vault, and returns what ends it. */
async function start(): Promise<() => Promise<void>> {
  const { config, keys, made, stop } = await getReady()
  if (made.length > 0) {
    tell(`Made ${made.join(", ")} and wrote them to ${envFile()}, which only you can read.`)
    tell("Keep a copy of that file: without it nobody reads what the vault stores.")
  }
  try {
    const redact = await prepareDatabase(config.DATABASE_URL, keys, {
      cameras: config.SEED_CAMERAS,
    })
    const app = await createApp({ config, keys, logger: makeLogger(config.LOG_LEVEL, redact) })
    const admin = await ensureAdmin(app.get(DataSource), config.ADMIN_PASSWORD)
    await app.listen(config.PORT, config.HOST)
    if (admin)
      tell(`Sign in as ${firstAdmin} with the password ${admin}, which is shown this once.`)
    tell(`The vault is at ${(await app.getUrl()).replace("127.0.0.1", "localhost")}.`)
    return async () => {
      await app.close()
      await stop()
    }
  } catch (error) {
    await stop()
    throw error
  }
}

try {
  const stop = await start()
  let isStopping = false
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (isStopping) return
      isStopping = true
      tell("Finishing what is under way.")
      stop().then(
        () => process.exit(0),
        () => process.exit(1),
      )
    })
  }
} catch (error) {
  tell(
    `The vault did not start. ${error instanceof Error ? error.message : "Something went wrong."}`,
  )
  process.exit(1)
}
