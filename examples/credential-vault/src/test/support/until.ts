import { setTimeout as sleep } from "node:timers/promises"

/** Asks again until what is asked for is there; node:test ends a test that waits for ever. */
export async function until<Value>(ask: () => Promise<Value | false | undefined>): Promise<Value> {
  for (;;) {
    const value = await ask()
    if (value !== false && value !== undefined) return value
    await sleep(50)
  }
}
