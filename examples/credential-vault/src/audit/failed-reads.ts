import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from "@nestjs/common"
import type { Logger } from "pino"
import { onEvents } from "typeorm-fernet"

import { LOGGER } from "../jobs/jobs.js"

/** Tells the log of stored values that could not be read, by the event of the package: what to alert on. */
@Injectable()
export class FailedReads implements OnModuleInit, OnApplicationShutdown {
  #end: (() => void) | undefined

  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  onModuleInit(): void {
    // #region events
    this.#end = onEvents({
      decryptFailed: ({ actor, failures, cells }) => {
        this.logger.error({ actor, failures, cells }, "stored values could not be read")
      },
      reveal: ({ actor, column, primaryKey, reason }) => {
        if (reason === undefined) return
        this.logger.error({ actor, column, primaryKey, reason }, "a credential could not be opened")
      },
    })
    // #endregion
  }

  onApplicationShutdown(): void {
    this.#end?.()
  }
}
