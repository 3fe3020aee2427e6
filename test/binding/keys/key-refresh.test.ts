import { setImmediate } from "node:timers/promises"
import { subscribe, unsubscribe } from "node:diagnostics_channel"

import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals"

import { generateKey, Keyring, type KeysReloadEvent, type KeySource } from "../../../src"
import { keyRefreshMisuse, type KeyRefreshOptions } from "../../../src/binding/keys/key-refresh"
import { RefreshingKeys } from "../../../src/binding/keys/refreshing-keys"

const [old, rolled, later] = [generateKey(), generateKey(), generateKey()]
const prints = (...keys: readonly string[]): readonly string[] => new Keyring(keys).fingerprints

let events: KeysReloadEvent[]
const listen = (event: unknown): void => void events.push(event as KeysReloadEvent)

beforeEach(() => {
  events = []
  subscribe("typeorm-fernet:keys.reload", listen)
  jest.useFakeTimers({ doNotFake: ["setImmediate", "nextTick", "performance"] })
})
afterEach(() => {
  unsubscribe("typeorm-fernet:keys.reload", listen)
  jest.useRealTimers()
})

/** Keys that have been loaded, and their source. */
async function loaded(
  first: KeySource,
  options: Partial<KeyRefreshOptions> = {},
): Promise<{ keys: RefreshingKeys; give: (source: KeySource) => void }> {
  let source = first
  const fetch: KeySource = () => (typeof source === "function" ? source() : source)
  const keys = new RefreshingKeys(fetch, { every: 100, ...options })
  await keys.load()
  return { keys, give: (next) => (source = next) }
}

/** Lets so many seconds go by, and what was begun meanwhile come to its end. */
async function pass(seconds: number): Promise<void> {
  for (let rest = seconds; rest > 0; rest -= 10) {
    jest.advanceTimersByTime(1000 * Math.min(rest, 10))
    await setImmediate()
  }
}

describe("keys that are fetched again", () => {
  test("have a new key decrypt at once, and encrypt when others had time to fetch it", async () => {
    const { keys, give } = await loaded(() => old)
    give(() => [rolled, old])

    await pass(111)
    expect(keys.get().fingerprints).toEqual(prints(old, rolled))
    expect(keys.get().decryptText(new Keyring([rolled]).encrypt("a"))).toBe("a")
    await pass(200)
    expect(keys.get().fingerprints[0]).toBe(prints(old)[0])
    await pass(30)
    expect(keys.get().fingerprints).toEqual(prints(rolled, old))

    const [added] = events
    expect(added).toMatchObject({ added: prints(rolled), dropped: [], keys: prints(old, rolled) })
    expect(added?.waiting?.key).toBe(prints(rolled)[0])
    keys.stop()
  })

  test("go on waiting for a key that is given again, and begin anew for another one", async () => {
    const { keys, give } = await loaded(() => old, { promoteAfter: 1000 })

    give(() => [rolled, old])
    await keys.reload()
    await pass(500)
    give(() => [later, rolled, old])
    await keys.reload()
    await pass(900)
    expect(keys.get().fingerprints[0]).toBe(prints(old)[0])
    await pass(110)
    expect(keys.get().fingerprints[0]).toBe(prints(later)[0])
    keys.stop()
  })

  test("promote at the date that the source gives, also in a process that starts before it", async () => {
    const encryptFrom = new Date(Date.now() + 50_000)
    const { keys } = await loaded(() => ({ keyring: [rolled, old], encryptFrom }))

    expect(keys.get().fingerprints).toEqual(prints(old, rolled))
    await pass(51)
    expect(keys.get().fingerprints).toEqual(prints(rolled, old))

    const past = await loaded(() => ({ keyring: [rolled, old], encryptFrom: new Date(0) }))
    expect(past.keys.get().fingerprints).toEqual(prints(rolled, old))
    const only = await loaded(() => ({ keyring: rolled, encryptFrom: new Date(Date.now() + 1e6) }))
    expect(only.keys.get().fingerprints).toEqual(prints(rolled))
    for (const one of [keys, past.keys, only.keys]) one.stop()
  })

  test("put back at once a key first that was there already", async () => {
    const { keys, give } = await loaded(() => [rolled, old])
    give(() => [old, rolled])

    await keys.reload()

    expect(keys.get().fingerprints).toEqual(prints(old, rolled))
    keys.stop()
  })

  test("keep a key that the source dropped, until it is to be forgotten", async () => {
    const { keys, give } = await loaded(() => [rolled, old])
    give(() => rolled)

    await keys.reload()
    expect(keys.get().fingerprints).toEqual(prints(rolled, old))
    expect(events.at(-1)).toMatchObject({ added: [], dropped: prints(old) })
    await keys.reload(true)
    expect(keys.get().fingerprints).toEqual(prints(rolled))
    keys.stop()
  })

  test("use a new key at once if the others are to be forgotten", async () => {
    const { keys, give } = await loaded(() => old)
    give(() => [rolled])

    await keys.reload()
    await keys.reload(true)

    expect(keys.get().fingerprints).toEqual(prints(rolled))
    await pass(10_000)
    expect(keys.get().fingerprints).toEqual(prints(rolled))
    keys.stop()
  })

  test.each<[what: string, source: KeySource]>([
    ["fails", () => Promise.reject(new Error(`at ${rolled}`))],
    ["throws", () => JSON.parse(rolled) as string],
    ["gives garbage", () => "garbage"],
    ["gives nothing", () => []],
    ["gives a date that is none", () => ({ keyring: rolled, encryptFrom: "soon" as never })],
    ["hangs", () => new Promise<string>(() => undefined)],
  ])(
    "stay as they are when the source %s, which is told without what it said",
    async (_, source) => {
      const { keys, give } = await loaded(() => old)
      const before = keys.get()
      give(source)

      await pass(111)
      await pass(31)

      expect(keys.get()).toBe(before)
      expect(events).toHaveLength(1)
      expect(events[0]?.error).toMatch(/^ERR_KEY_(?:MISSING|INVALID): /)
      expect(JSON.stringify(events)).not.toContain(rolled)
      give(() => [rolled, old])
      await pass(111)
      expect(keys.get().fingerprints).toEqual(prints(old, rolled))
      keys.stop()
    },
  )

  test("are an error when they are too old, until they are fetched again", async () => {
    const { keys, give } = await loaded(() => old, { maxAge: 250 })
    give(() => [])

    await pass(240)
    expect(keys.loaded).toBe(true)
    await pass(20)
    expect(keys.loaded).toBe(false)
    expect(() => keys.get()).toThrow(expect.objectContaining({ code: "ERR_KEY_MISSING" }))
    give(() => old)
    await pass(111)
    expect(keys.get().fingerprints).toEqual(prints(old))
    keys.stop()
  })

  test("are not brought back when they are too old by a key whose time has come", async () => {
    const { keys, give } = await loaded(() => old, { maxAge: 250, promoteAfter: 300 })
    give(() => [rolled, old])
    await keys.reload()
    give(() => [])

    await pass(260)
    expect(keys.loaded).toBe(false)
    await pass(60)
    expect(keys.loaded).toBe(false)
    give(() => [rolled, old])
    await keys.reload()
    expect(keys.get().fingerprints).toEqual(prints(rolled, old))
    keys.stop()
  })

  test("wait for a date that is further away than timers go", async () => {
    const day = 86_400
    const encryptFrom = new Date(Date.now() + 1000 * 40 * day)
    const { keys } = await loaded(() => ({ keyring: [rolled, old], encryptFrom }), { every: 1e6 })

    jest.advanceTimersByTime(1000 * 39 * day)
    await setImmediate()
    expect(keys.get().fingerprints).toEqual(prints(old, rolled))
    jest.advanceTimersByTime(1000 * 2 * day)
    expect(keys.get().fingerprints).toEqual(prints(rolled, old))
    keys.stop()
  })

  test("forget a key for good, also if it is being fetched meanwhile", async () => {
    const { keys, give } = await loaded(() => old)
    let answer: (key: string) => void = () => undefined
    give(() => new Promise<string>((resolve) => (answer = resolve)))
    const slow = keys.reload()
    give(() => rolled)

    const forgetting = keys.reload(true)
    answer(old)
    await Promise.all([slow, forgetting])

    expect(keys.get().fingerprints).toEqual(prints(rolled))
    keys.stop()
  })

  test("stay one ring while nothing changes, since what was derived is kept for it", async () => {
    const { keys } = await loaded(() => [rolled, old])
    const before = keys.get()

    await keys.reload()
    await pass(111)

    expect(keys.get()).toBe(before)
    keys.stop()
  })

  test("are fetched once for all who ask at once, and for a token that opens under none", async () => {
    let asked = 0
    const { keys, give } = await loaded(() => (asked++, old))
    await Promise.all([keys.reload(), keys.reload()])
    expect(asked).toBe(2)

    give(() => (asked++, [rolled, old]))
    const before = keys.get()
    expect(await Promise.all([keys.catchUp(before), keys.catchUp(before)])).toEqual([true, true])
    expect(asked).toBe(3)
    expect(await keys.catchUp(before)).toBe(true)
    give(() => [later, rolled, old])
    expect(await keys.catchUp(keys.get())).toBe(false)
    expect(keys.get().fingerprints).toEqual(prints(old, rolled))
    keys.stop()
  })

  test("are not asked for any more when they are stopped", async () => {
    let asked = 0
    const { keys } = await loaded(() => (asked++, old))

    keys.stop()
    await pass(1000)

    expect(asked).toBe(1)
    expect(jest.getTimerCount()).toBe(0)
  })
})

test("options of refreshing are times, and known", () => {
  expect(keyRefreshMisuse({ every: 1, promoteAfter: 1, maxAge: 1, timeout: 1 })).toEqual([])
  expect(keyRefreshMisuse(true)).toEqual(["is no options"])
  expect(keyRefreshMisuse({})).toHaveLength(1)
  expect(keyRefreshMisuse({ every: 0, maxAge: -1, timeout: "1", promoteAfter: 1e9 })).toHaveLength(
    4,
  )
  expect(keyRefreshMisuse({ every: 1, evry: 1 }).join()).toContain("every")
})
