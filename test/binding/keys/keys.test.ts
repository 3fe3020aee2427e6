import { inspect } from "node:util"

import { describe, expect, test } from "@jest/globals"

import { KeyError, Keyring } from "../../../src"
import type { KeySource } from "../../../src/binding/keys/key-function"
import { Keys } from "../../../src/binding/keys/keys"
import { keys as testKeys } from "../../support/keys"
import { refusal } from "../../column/plaintext-of"
import { rejection } from "../memory-source"

const { first, second } = testKeys
const ring = new Keyring([first, second])

async function loaded(source: KeySource | undefined, lazy = false): Promise<Keys> {
  const keys = new Keys(source, lazy)
  await keys.load()
  return keys
}

describe("Keys", () => {
  test.each<[kind: string, source: KeySource]>([
    ["a keyring", ring],
    ["a function that returns a keyring", () => ring],
    ["a function that returns a list of keys", () => `${first}, ${second}`],
    ["a function that returns an array of keys", () => [first, second]],
    ["an async function", () => Promise.resolve([first, second])],
    ["an async function of a keyring", () => Promise.resolve(ring)],
  ])("come from %s", async (_kind, source) => {
    const keys = await loaded(source)

    expect(keys.get().fingerprints).toEqual(ring.fingerprints)
    expect(keys.get()).toBe(keys.get())
  })

  test("come from the environment by default", async () => {
    process.env.ENCRYPTION_KEY = second
    try {
      const keys = await loaded(undefined)

      expect(keys.get().fingerprints).toEqual([ring.fingerprints[1]])
    } finally {
      delete process.env.ENCRYPTION_KEY
    }
  })

  test("are missing if the environment has none", async () => {
    await expect(loaded(undefined)).rejects.toMatchObject({ code: "ERR_KEY_MISSING" })
  })

  test("are asked for anew at each load", async () => {
    const rings = [first, second]
    const keys = await loaded(() => rings.shift() ?? "")

    await keys.load()

    expect(keys.get().fingerprints).toEqual([ring.fingerprints[1]])
  })

  test("of the last load are forgotten when the next one fails", async () => {
    const rings = [first]
    const keys = await loaded(() => rings.shift() ?? "")

    await expect(keys.load()).rejects.toBeInstanceOf(KeyError)

    expect(() => keys.get()).toThrow(KeyError)
  })

  test("show nothing when inspected or serialized", async () => {
    const keys = await loaded(() => [first])

    expect(inspect(keys, { showHidden: true, depth: Infinity })).toBe(
      "Keys { [origin]: [Getter], [loaded]: [Getter], [fetchedAt]: [Getter] }",
    )
    expect(JSON.stringify(keys)).toBe("{}")
  })
})

describe("a key function that fails", () => {
  test("is a missing key whose cause has the name and the code of the function's error", async () => {
    const outage = Object.assign(new TypeError("the vault is sealed"), { code: "ECONNREFUSED" })

    const error = await rejection(loaded(() => Promise.reject(outage)))

    expect(error).toMatchObject({ name: "KeyError", code: "ERR_KEY_MISSING" })
    expect(error.message).toContain("failed with TypeError (ECONNREFUSED)")
    expect(error.cause).toMatchObject({ name: "TypeError", code: "ECONNREFUSED" })
  })

  test("shows nothing of what the function threw that may hold a key", async () => {
    const thrown = Object.assign(new Error(`cannot parse ${first}`), {
      code: first,
      name: first,
      response: { body: first },
      cause: new Error(first),
    })

    for (const reason of [thrown, first, { first }, [first]]) {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- anything is thrown
      const error = await rejection(loaded(() => Promise.reject(reason)))

      expect(error).toMatchObject({ code: "ERR_KEY_MISSING" })
      const shown = inspect(error, { showHidden: true, depth: Infinity }) + JSON.stringify(error)
      expect(shown).not.toContain(first.slice(0, 8))
    }
  })

  test("may throw before it returns a promise", async () => {
    const error = await rejection(
      loaded(() => {
        throw new Error("no network")
      }),
    )

    expect(error).toMatchObject({ code: "ERR_KEY_MISSING" })
  })

  test("does not pass on a SyntaxError, which quotes what was parsed", async () => {
    const error = await rejection(loaded(() => JSON.parse(first) as string))

    expect(error.cause).toMatchObject({ name: "SyntaxError" })
    expect(inspect(error, { showHidden: true, depth: Infinity })).not.toContain(first.slice(0, 5))
  })

  test.each<[kind: string, keys: unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["a number", 7],
    ["a Buffer", Buffer.from(first)],
    ["an object around the key", { key: first }],
    ["an array around the array", [[first]]],
  ])("to return keys but %s is a KeyError without the key", async (_kind, keys) => {
    const error = await rejection(loaded(() => keys as string))

    expect(error).toBeInstanceOf(KeyError)
    expect(inspect(error, { showHidden: true, depth: Infinity })).not.toContain(first)
  })

  test.each(["", "not a key", `${first},`, `${first},${first}`])(
    "to return well-formed keys is a KeyError (%#)",
    async (list) => {
      const error = await rejection(loaded(() => list))

      expect(error).toBeInstanceOf(KeyError)
      expect(inspect(error, { showHidden: true, depth: Infinity })).not.toContain(first)
    },
  )
})

describe("lazy keys", () => {
  test("let the load succeed and fail at first use", async () => {
    const keys = await loaded(() => "", true)

    expect(keys.loaded).toBe(false)
    expect(() => keys.get()).toThrow(KeyError)
  })

  test("are asked for again at first use", async () => {
    const rings = [""]
    const keys = await loaded(() => rings.shift() ?? first, true)

    expect(keys.get().fingerprints).toEqual([ring.fingerprints[0]])
    expect(keys.loaded).toBe(true)
  })

  test("are loaded at once if they are there", async () => {
    const keys = await loaded(() => Promise.resolve([first]), true)

    expect(keys.loaded).toBe(true)
  })

  test("of an async function that failed cannot be asked for at first use", async () => {
    const keys = await loaded(() => Promise.reject(new Error("no network")), true)

    expect(refusal(() => keys.get())).toMatch(/being asynchronous.*initialize the DataSource again/)
  })

  test("of an async function are asked for once, and missed with the reason every time", async () => {
    let asked = 0
    const keys = await loaded(() => {
      asked++
      return Promise.reject(Object.assign(new Error("sealed"), { code: "ECONNREFUSED" }))
    }, true)

    for (let value = 0; value < 3; value++) {
      expect(() => keys.get()).toThrow(
        expect.objectContaining({
          code: "ERR_KEY_MISSING",
          cause: expect.objectContaining({ message: expect.stringContaining("ECONNREFUSED") }),
        }),
      )
    }
    expect(asked).toBe(1)
  })

  test("of an async function come with the next load", async () => {
    const answers = [Promise.reject<string>(new Error("no network")), Promise.resolve(first)]
    const keys = await loaded(() => answers.shift() ?? "", true)

    await keys.load()

    expect(keys.get().fingerprints).toEqual([ring.fingerprints[0]])
  })
})
