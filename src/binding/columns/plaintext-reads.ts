import { channel } from "node:diagnostics_channel"

/**
 * What is published on the channel `typeorm-fernet:plaintext.read`, once for each column of a
 * statement whose result held cells that were no tokens: how many of them were plaintext, in a legacy
 * form, and in one that does not authenticate what it decrypts. Nothing is counted while nobody
 * subscribes.
 */
export interface PlaintextReadEvent {
  /** The column, as `Entity.property`. */
  readonly column: string
  readonly plaintext: number
  readonly legacy: number
  /** Of the legacy cells, those whose reader does not authenticate. */
  readonly unauthenticated: number
}

type Counts = { -readonly [Name in keyof PlaintextReadEvent]: PlaintextReadEvent[Name] }

const reads = channel("typeorm-fernet:plaintext.read")
const pending = new Map<string, Counts>()

/** Counts a cell that was read though it is no token. */
export function countPlaintextRead(
  column: string,
  kind: "authenticated" | "plaintext" | "unauthenticated",
): void {
  if (!reads.hasSubscribers) return
  // TypeORM makes entities of a whole result before anything else runs
  if (pending.size === 0) queueMicrotask(publish)
  const counts = pending.get(column) ?? { column, plaintext: 0, legacy: 0, unauthenticated: 0 }
  if (kind === "plaintext") counts.plaintext++
  else counts.legacy++
  if (kind === "unauthenticated") counts.unauthenticated++
  pending.set(column, counts)
}

function publish(): void {
  const events = [...pending.values()]
  pending.clear()
  for (const event of events) reads.publish(event)
}
