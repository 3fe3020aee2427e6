import { subscribe, unsubscribe } from "node:diagnostics_channel"

import { type OptionNames, unknownOptions } from "../../unknown-options"
import type {
  DecryptEvent,
  DecryptFailedEvent,
  EncryptEvent,
  PlaintextReadEvent,
  RevealEvent,
  SearchEvent,
} from "./events"

/** What is called with each event, by the channel that it is published on. */
export interface EventHandlers {
  /** Of `typeorm-fernet:encrypt`. */
  readonly encrypt?: (event: EncryptEvent) => unknown
  /** Of `typeorm-fernet:decrypt`. */
  readonly decrypt?: (event: DecryptEvent) => unknown
  /** Of `typeorm-fernet:decrypt.failed`. */
  readonly decryptFailed?: (event: DecryptFailedEvent) => unknown
  /** Of `typeorm-fernet:plaintext.read`. */
  readonly plaintextRead?: (event: PlaintextReadEvent) => unknown
  /** Of `typeorm-fernet:search`. */
  readonly search?: (event: SearchEvent) => unknown
  /** Of `typeorm-fernet:reveal`. */
  readonly reveal?: (event: RevealEvent) => unknown
  /** Is told what one of the others throws, or rejects with. Defaults to a warning of the process. */
  readonly onError?: (error: unknown) => void
}

const handlerNames: OptionNames<EventHandlers> = {
  encrypt: true,
  decrypt: true,
  decryptFailed: true,
  plaintextRead: true,
  search: true,
  reveal: true,
  onError: true,
}

const CHANNELS = {
  encrypt: "typeorm-fernet:encrypt",
  decrypt: "typeorm-fernet:decrypt",
  decryptFailed: "typeorm-fernet:decrypt.failed",
  plaintextRead: "typeorm-fernet:plaintext.read",
  search: "typeorm-fernet:search",
  reveal: "typeorm-fernet:reveal",
} as const satisfies Record<Exclude<keyof EventHandlers, "onError">, string>

/**
 * Subscribes to the channels of what is done with cells. A handler is called at once, in the asynchronous
 * context of the statement, and is not waited for. What it throws, or rejects with, changes nothing of the
 * statement, and is told `onError`, or by one warning for each handler however often it fails. Of one that
 * subscribed by `node:diagnostics_channel` itself, Node makes an uncaught exception, which ends the process.
 *
 * @returns what ends it
 * @throws TypeError if a handler is none, or there is no such channel
 *
 * @example
 * ```ts
 * const stop = onEvents({ decrypt: ({ actor, columns, rows }) => log.info({ actor, columns, rows }) })
 * ```
 */
export function onEvents(handlers: EventHandlers): () => void {
  for (const option of unknownOptions(handlers, handlerNames)) {
    throw new TypeError(`onEvents() was given an ${option}.`)
  }
  const { onError, ...given } = handlers
  const listeners = Object.entries<unknown>(given)
    .filter(([, handler]) => handler !== undefined)
    .map(([name, handler]) => {
      const channel = CHANNELS[name as keyof typeof CHANNELS]
      return [channel, guarded(channel, handler, onError)] as const
    })
  for (const [channel, listener] of listeners) subscribe(channel, listener)
  return () => {
    for (const [channel, listener] of listeners) unsubscribe(channel, listener)
  }
}

type Handler = (event: unknown) => unknown

function guarded(channel: string, given: unknown, onError = warnOnce(channel)): Handler {
  if (typeof given !== "function") {
    throw new TypeError(`onEvents() was given no function for ${channel}.`)
  }
  const handler = given as Handler
  const failed = (error: unknown): void => {
    onError(error)
  }
  return (event) => {
    try {
      void Promise.resolve(handler(event)).catch(failed)
    } catch (error) {
      failed(error)
    }
  }
}

function warnOnce(channel: string): (error: unknown) => void {
  let isWarned = false
  return (error) => {
    if (isWarned) return
    isWarned = true
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    process.emitWarning(`A handler of ${channel} failed, and may again: ${what}`, {
      code: "TYPEORM_FERNET_HANDLER",
    })
  }
}
