import { setTimeout as sleep } from "node:timers/promises"
import { afterEach } from "@jest/globals"

let testsEnded = 0

afterEach(() => {
  testsEnded++
})

/**
 * Waits for a state that nothing announces, such as what a row holds, by looking at it again and
 * again. It sets no limit, since a machine under load takes longer; with the test it ends as well.
 *
 * @param restMs - milliseconds between two looks
 */
export async function until(isSo: () => boolean | Promise<boolean>, restMs = 10): Promise<void> {
  const before = testsEnded
  while (!(await isSo())) {
    if (testsEnded !== before) throw new Error("The test ended while it waited for a state.")
    await sleep(restMs)
  }
}
