import { channel } from "node:diagnostics_channel"

import type { DecryptionFailureReason } from "../../errors"
import { currentActor } from "../events/actor"
import type { RevealEvent } from "../events/events"
import { isDecryptionError } from "./unencrypted-cells"

/** What is to be revealed. */
export interface Revealed {
  /** The column, as `Entity.property`. */
  readonly column: string
  /** Returns the row's primary key by property, if it is known. */
  readonly primaryKey: () => Readonly<Record<string, unknown>> | undefined
}

const reveals = channel("typeorm-fernet:reveal")

/** Opens a cell for who asked to see it. Every reveal passes here, and here is told of. */
export function revealing<Result>(revealed: Revealed, open: () => Result): Result {
  if (!reveals.hasSubscribers) return open()
  try {
    const result = open()
    publish(revealed)
    return result
  } catch (error) {
    if (isDecryptionError(error)) publish(revealed, error.reason)
    throw error
  }
}

function publish({ column, primaryKey }: Revealed, reason?: DecryptionFailureReason): void {
  const key = primaryKey()
  reveals.publish({
    column,
    actor: currentActor(),
    ...(key && { primaryKey: key }),
    ...(reason !== undefined && { reason }),
  } satisfies RevealEvent)
}
