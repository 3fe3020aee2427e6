import { createHash, createHmac } from "node:crypto"

import { beforeAll, describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { BatchMachine } from "../../../src/fernet/batch-engine/batch-machine"
import { hashBlocksOf, MOST_HASH_BLOCKS } from "../../../src/fernet/batch-engine/layout"
import { initialState, roundConstants } from "../../../src/fernet/batch-engine/sha256-constants"
import { signMessages } from "../../../src/fernet/batch-engine/sign-messages"
import { nistVectors, rfc4231Vectors } from "./hash-vectors"
import { sha256InLane } from "./lanes"
import { keyBlocks } from "./step-by-step-key"

const lanes = [0, 1, 2, 3]
let machine: BatchMachine

beforeAll(() => {
  machine = new BatchMachine()
})

function statesOf(key: Uint8Array): Uint32Array {
  return machine.keyStates(...keyBlocks(key))
}

describe("SHA-256", () => {
  test("begins with the numbers of FIPS 180-4", () => {
    expect(initialState().map((word) => word.toString(16))).toEqual([
      ...["6a09e667", "bb67ae85", "3c6ef372", "a54ff53a"],
      ...["510e527f", "9b05688c", "1f83d9ab", "5be0cd19"],
    ])
    expect(roundConstants()).toHaveLength(64)
    expect([0, 1, 63].map((round) => roundConstants()[round]?.toString(16))).toEqual([
      ...["428a2f98", "71374491", "c67178f2"],
    ])
  })

  test.each(nistVectors)("of %s is as NIST has it, in every lane", (_name, message, digest) => {
    expect(lanes.map((lane) => sha256InLane(machine, lane, message))).toEqual(
      lanes.map(() => digest),
    )
  })

  test("is node:crypto's for every length up to three blocks", () => {
    for (let length = 0; length < 3 * 64; length++) {
      const message = Buffer.alloc(length, length)
      const digest = createHash("sha256").update(message).digest("hex")

      expect(sha256InLane(machine, length % 4, message)).toBe(digest)
    }
  })

  test("is node:crypto's for any bytes, in any lane", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), fc.constantFrom(...lanes), (bytes, lane) => {
        const digest = createHash("sha256").update(bytes).digest("hex")

        expect(sha256InLane(machine, lane, bytes)).toBe(digest)
      }),
    )
  })
})

describe("HMAC-SHA-256", () => {
  test.each(rfc4231Vectors.filter(({ data }) => data.every((byte) => byte < 0x80)))(
    "is as RFC 4231 has it in section $name, in every lane",
    ({ key, data, mac }) => {
      for (const lane of lanes) {
        // As many blocks, or the lanes would not be shared
        const messages = lanes.map((other) =>
          other === lane ? data.toString() : "x".repeat(data.length),
        )

        const macs = signMessages(machine, statesOf(key), messages)

        expect(macs[lane]?.slice(0, mac.length)).toBe(mac)
      }
    },
  )

  test.each(rfc4231Vectors)(
    "is as RFC 4231 has it in section $name, whatever the bytes are",
    ({ key, data, mac }) => {
      const [inner, outer] = keyBlocks(key)
      for (const lane of lanes) {
        const hash = sha256InLane(machine, lane, Buffer.concat([inner, data]))
        const whole = Buffer.concat([outer, Buffer.from(hash, "hex")])

        expect(sha256InLane(machine, lane, whole).slice(0, mac.length)).toBe(mac)
      }
    },
  )

  test("is node:crypto's of many texts at once, of all lengths, under any key", () => {
    const texts = fc.array(fc.string({ unit: "binary", maxLength: 120 }), { maxLength: 50 })
    const keys = fc.uint8Array({ maxLength: 64 })

    fc.assert(
      fc.property(texts, keys, (messages, key) => {
        const macs = messages.map((message) =>
          createHmac("sha256", key).update(message).digest("hex"),
        )

        expect(signMessages(machine, statesOf(key), messages)).toEqual(macs)
      }),
    )
  })

  test("takes messages that fill its slots to the last byte", () => {
    const longest = MOST_HASH_BLOCKS * 64 - 9
    const messages = [longest, longest - 1, longest - 64].map((length) => "m".repeat(length))
    const key = Buffer.alloc(16, 7)

    expect(hashBlocksOf(longest)).toBe(MOST_HASH_BLOCKS)
    expect(hashBlocksOf(longest + 1)).toBe(MOST_HASH_BLOCKS + 1)
    expect(signMessages(machine, statesOf(key), messages)).toEqual(
      messages.map((message) => createHmac("sha256", key).update(message).digest("hex")),
    )
  })
})
