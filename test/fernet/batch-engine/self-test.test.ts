import { describe, expect, jest, test } from "@jest/globals"

import { BatchEngine } from "../../../src/fernet/batch-engine/batch-engine"
import { testEngine } from "../../../src/fernet/batch-engine/self-test"
import { Fernet } from "../../../src/fernet/fernet"
import { bytesOf, padded, signToken } from "../reference"

/** The keys and the time of the engine's own test. */
const TIMESTAMP = 0x1_2345_6789
const [KEY, OTHER_KEY] = [1, 2].map((byte) =>
  padded(Buffer.concat([Buffer.alloc(16, byte), Buffer.alloc(16, 3)])),
) as [string, string]
const fernet = new Fernet(KEY)

type Method = "open" | "rotate" | "seal" | "sign"

/** An engine that gets one result of a method wrong, when it is called first. */
function failing(method: Method, at: number, wrong: (right: never) => unknown): BatchEngine {
  const engine = new BatchEngine()
  const work = engine[method].bind(engine) as (...given: unknown[]) => { results: unknown[] }
  let calls = 0
  const value = (...given: unknown[]): unknown => {
    const made = work(...given)
    if (calls++ === 0) made.results[at] = wrong(made.results[at] as never)
    return made
  }
  return Object.defineProperty(engine, method, { value })
}

function body(token: string): Buffer {
  return bytesOf(token).subarray(0, -32)
}

describe("an engine does not pass its test if one of its", () => {
  test.each<[string, Method, (right: never) => unknown]>([
    ["MACs is another", "sign", (mac: string) => mac.replace(/^./, (digit) => `${+(digit < "1")}`)],
    ["tokens has another time", "seal", () => fernet.encryptAtTime("!", TIMESTAMP + 1)],
    ["tokens has another text", "seal", () => fernet.encryptAtTime("?", TIMESTAMP)],
    ["tokens has another MAC", "seal", (token) => signToken(OTHER_KEY, body(token))],
    ["tokens has no padding", "seal", (token: string) => token.replaceAll("=", "")],
    [
      "tokens has another version",
      "seal",
      (token) => signToken(KEY, Buffer.concat([Buffer.of(0x81), body(token).subarray(1)])),
    ],
    ["texts is another", "open", () => "?"],
    [
      "rotated tokens has another text",
      "rotate",
      () => ({ token: fernet.encryptAtTime("?", TIMESTAMP) }),
    ],
    [
      "rotated tokens has another MAC",
      "rotate",
      ({ token }: { token: string }) => ({ token: signToken(OTHER_KEY, body(token)) }),
    ],
  ])("%s", (_what, method, wrong) => {
    // The second token is altered before it is opened, so that nobody else would notice
    for (const at of [1, 2, 31]) {
      expect(() => {
        testEngine(failing(method, at, wrong))
      }).toThrow()
    }
  })
})

test("every other token that is to be opened has one character altered, wherever that is", () => {
  const engine = new BatchEngine()
  const [seal, open] = [jest.spyOn(engine, "seal"), jest.spyOn(engine, "open")]

  testEngine(engine)

  const made = (seal.mock.results[0]?.value as ReturnType<BatchEngine["seal"]>).results
  expect(open).toHaveBeenCalledTimes(2)
  for (const [, given] of open.mock.calls) {
    const altered = given.map((token, i) =>
      Array.from(token).flatMap((character, at) => (character === made[i]?.[at] ? [] : [at])),
    )
    expect(given.map((token) => token.length)).toEqual(made.map((token) => token?.length))
    expect(altered.map((places) => places.length)).toEqual(altered.map((_, i) => i % 2))
    expect(new Set(altered.flat()).size).toBeGreaterThan(10)
  }
})

test("an engine passes it if nothing is wrong", () => {
  expect(() => {
    testEngine(failing("seal", 1, (right) => right))
  }).not.toThrow()
})
