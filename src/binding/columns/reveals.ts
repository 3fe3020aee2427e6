import { channel } from "node:diagnostics_channel"

import { type DecryptionFailureReason, EncryptionError } from "../../errors"
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

/** A sealed value that is about to be revealed. */
export interface RevealRequest {
  /** The column, as `Entity.property`. */
  readonly column: string
  /** The row's primary key by property, where it was read. */
  readonly primaryKey: Readonly<Record<string, unknown>> | undefined
  /** The tenant it was read for, inside of `TenantKeys.run`. */
  readonly tenant: string | undefined
  /** Who it is done for, if it is inside of `runWithActor`. */
  readonly actor: string | undefined
}

/** Records that a value is to be revealed; what it throws, or rejects with, keeps it sealed. */
export type BeforeReveal = (request: RevealRequest) => Promise<void> | void

/** Says that a value is not revealed without a record. */
export function unrecorded(property: string): EncryptionError {
  return new EncryptionError(
    "ERR_REVEAL_UNRECORDED",
    `${property} is revealed only once that is recorded, since its DataSource has beforeReveal. Await ` +
      "revealRecorded() or useRecorded() in place of reveal() or use().",
  )
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
