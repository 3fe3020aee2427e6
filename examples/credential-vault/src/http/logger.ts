import { randomUUID } from "node:crypto"
import type { IncomingMessage, ServerResponse } from "node:http"

import type { LoggerService } from "@nestjs/common"
import { type Logger, pino } from "pino"
import { type HttpLogger, pinoHttp } from "pino-http"

/**
 * Makes the log: a line of JSON for each entry.
 *
 * @param redact - the paths of what is encrypted, wherever an object is logged
 */
export function makeLogger(level: string, redact: string[]): Logger {
  return pino({ level, redact, serializers: { err: describe } })
}

/** The parameters of a statement, and what a driver quotes of them, are left out. */
function describe(error: unknown): object {
  const { name, code, stack } = (error ?? {}) as Partial<Record<string, unknown>>
  const frames =
    typeof stack === "string" ? stack.split("\n").filter((line) => /^\s+at /.test(line)) : []
  return { name, code, at: frames.slice(0, 12).map((line) => line.trim()) }
}

/** Gives each request an id and a line in the log, without its headers, query and body. */
export function httpLogger(logger: Logger): HttpLogger {
  return pinoHttp({
    logger,
    genReqId: (_request: IncomingMessage, response: ServerResponse) => {
      const id = randomUUID()
      response.setHeader("x-request-id", id)
      return id
    },
    serializers: {
      req: ({ id, method, url, remoteAddress }: Record<string, unknown>) => ({
        ...{ id, method, remoteAddress },
        path: String(url).replace(/\?.*/s, ""),
      }),
      res: ({ statusCode }: Record<string, unknown>) => ({ statusCode }),
    },
  })
}

/** Has Nest write to the same log. */
export function nestLogger(logger: Logger): LoggerService {
  const child = logger.child({ from: "nest" })
  return {
    log: (message: unknown) => child.debug(String(message)),
    warn: (message: unknown) => child.warn(String(message)),
    error: (message: unknown) =>
      child.error(message instanceof Error ? { err: message } : String(message)),
  }
}
