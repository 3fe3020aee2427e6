import { subscribe, unsubscribe } from "node:diagnostics_channel"

/** What was published on a channel, as far as a test asks. */
export type Recorded = readonly (readonly [channel: string, event: Record<string, unknown>])[]

const channels = ["encrypt", "decrypt", "decrypt.failed", "plaintext.read", "search", "reveal"]

/** Returns what is published of work, by the channel's own name. */
export async function recordEvents(work: () => unknown): Promise<Recorded> {
  const recorded: [string, Record<string, unknown>][] = []
  const listeners = channels.map((name) => {
    const listener = (event: unknown): void => {
      recorded.push([name, event as Record<string, unknown>])
    }
    subscribe(`typeorm-fernet:${name}`, listener)
    return [name, listener] as const
  })
  try {
    await work()
    await Promise.resolve()
  } finally {
    for (const [name, listener] of listeners) unsubscribe(`typeorm-fernet:${name}`, listener)
  }
  return recorded
}
