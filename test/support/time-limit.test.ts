import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, test } from "@jest/globals"
import { withTimeLimit } from "./time-limit"

describe("withTimeLimit", () => {
  test("returns what finishes in time", async () => {
    const late: string[] = []

    const result = await withTimeLimit("work", 1_000, Promise.resolve("done"), (r) => late.push(r))

    expect(result).toBe("done")
    expect(late).toEqual([])
  })

  test("throws when time is up, and hands over what finishes late", async () => {
    const late: string[] = []

    const slow = withTimeLimit("work", 10, sleep(30, "done"), (r) => late.push(r))

    await expect(slow).rejects.toThrow("work took longer than 0.01 s")
    await sleep(40)
    expect(late).toEqual(["done"])
  })
})
