import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from "@nestjs/common"
import PgBoss from "pg-boss"
import type { Logger } from "pino"

import { CONFIG, type Config } from "../config/config.js"

/** What the log is injected by. */
export const LOGGER = Symbol("LOGGER")

/** A queue in the same PostgreSQL: what is in it survives the process, and never holds a credential. */
@Injectable()
export class Jobs implements OnModuleInit, OnApplicationShutdown {
  readonly boss: PgBoss
  #starting: Promise<unknown> | undefined

  constructor(@Inject(CONFIG) config: Config, @Inject(LOGGER) logger: Logger) {
    this.boss = new PgBoss({
      connectionString: config.DATABASE_URL,
      application_name: "credential-vault-jobs",
      max: 4,
      maintenanceIntervalSeconds: 5,
    })
    this.boss.on("error", (error) => logger.error({ err: error }, "the queue failed"))
  }

  async onModuleInit(): Promise<void> {
    await this.start()
  }

  /** Started by whoever needs it first. */
  start(): Promise<unknown> {
    this.#starting ??= this.boss.start()
    return this.#starting
  }

  async onApplicationShutdown(): Promise<void> {
    await this.boss.stop({ graceful: true, wait: true, timeout: 15_000 })
  }
}
