import { channel } from "node:diagnostics_channel"

import type { DecryptionFailureReason } from "../../errors"
import { currentActor } from "../events/actor"
import { isDecryptionError } from "./unencrypted-cells"

/**
 * What is published on the channel `typeorm-fernet:reveal` whenever the value of a stored cell was asked
 * for by `reveal()` or `use()`, and had or not. Saving, comparing and searching show it to nobody, and
 * are no reveals.
 */
export interface RevealEvent {
  /** The column, as `Entity.property`. */
  readonly column: string
  /** The row's primary key by property, where it was read. */
  readonly primaryKey?: Readonly<Record<string, unknown>>
  /** Why the cell could not be read. */
  readonly reason?: DecryptionFailureReason
  /** Who it was done for, if it was inside of `runWithActor`. */
  readonly actor: string | undefined
}

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
