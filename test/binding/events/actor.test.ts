import { describe, expect, test } from "@jest/globals"

import { currentActor, runWithActor } from "../../../src"

describe("runWithActor", () => {
  test("follows asynchronous work, and ends with it", async () => {
    const later = runWithActor("alice", async () => {
      await Promise.resolve()
      return currentActor()
    })

    expect(currentActor()).toBeUndefined()
    expect(await later).toBe("alice")
    expect(runWithActor("alice", () => runWithActor("job", currentActor))).toBe("job")
  })

  test("refuses who is nobody", () => {
    for (const actor of ["", undefined, 7]) {
      expect(() => runWithActor(actor as string, () => 1)).toThrow(TypeError)
    }
  })
})
