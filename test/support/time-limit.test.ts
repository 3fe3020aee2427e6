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
    let finish: (result: string) => void = () => undefined
    const work = new Promise<string>((resolve) => {
      finish = resolve
    })
    const late = new Promise<string>((resolve) => {
      withTimeLimit("work", 10, work, resolve).catch((error: unknown) => {
        expect(error).toMatchObject({ message: "work took longer than 0.01 s" })
        finish("done")
      })
    })

    await expect(late).resolves.toBe("done")
  })
})
