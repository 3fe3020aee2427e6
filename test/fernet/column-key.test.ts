import { createHmac } from "node:crypto"
import { describe, expect, test } from "@jest/globals"

import { Keyring } from "../../src"
import { isDerivable } from "../../src/fernet/column-key"
import { keys } from "../support/keys"
import { columnKeyVectors, VECTOR_KEY } from "./column-key-vectors"

/** HKDF-SHA-256 without salt, for one block of output, as RFC 5869 has it. */
function derived(key: string, context: readonly string[]): string {
  const hmac = (secret: Uint8Array, message: Uint8Array): Buffer =>
    createHmac("sha256", secret).update(message).digest()
  const parts = context.map((part) => {
    const bytes = Buffer.from(part)
    return Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes])
  })
  const info = Buffer.concat([Buffer.from("typeorm-fernet/column/v1/"), ...parts])
  const extracted = hmac(Buffer.alloc(32), Buffer.from(key, "base64url"))
  return `${hmac(extracted, Buffer.concat([info, Buffer.from([1])])).toString("base64url")}=`
}

const context = ["patient", "ssn"]
const shared = new Keyring([keys.first, keys.second])
const [newOwn, oldOwn] = [keys.first, keys.second].map(
  (key) => new Keyring([derived(key, context)]),
) as [Keyring, Keyring]
const texts = Array.from({ length: 20 }, (_, i) => `value ${i}`)

describe("the keys of a column", () => {
  test.each(columnKeyVectors)("are derived as published, for $context", (vector) => {
    const ring = new Keyring([VECTOR_KEY]).forColumn(vector.context, "only")

    expect(new Keyring([vector.derived]).decryptText(ring.encrypt("078-05-1120"))).toBe(
      "078-05-1120",
    )
    expect(derived(VECTOR_KEY, vector.context)).toBe(vector.derived)
  })

  test("have test vectors", () => {
    expect(columnKeyVectors.length).toBeGreaterThanOrEqual(4)
  })

  test("are others where parts of the context have other bounds", () => {
    const one = shared.forColumn(["a", "bc"], "only")

    expect(shared.forColumn(["ab", "c"], "only").keyIndexOf(one.encrypt("x"))).toBeUndefined()
    expect(shared.forColumn(["a", "bc"], "only").keyIndexOf(one.encrypt("x"))).toBe(0)
  })

  test("are called by the fingerprints of the keys they come from", () => {
    for (const mode of ["ready", "moving", "only"] as const) {
      expect(shared.forColumn(context, mode).fingerprints).toEqual(shared.fingerprints)
    }
  })

  test("are derived of no more context than the derivation takes", () => {
    // Of 1024 bytes, the purpose takes 25 and the length of a part 4
    expect(isDerivable(["x".repeat(1024 - 29)])).toBe(true)
    expect(isDerivable(["x".repeat(1024 - 28)])).toBe(false)
  })
})

describe.each([
  ["ready", shared, true],
  ["moving", newOwn, true],
  ["only", newOwn, false],
] as const)("a column's ring under %j", (mode, writer, readsShared) => {
  const ring = shared.forColumn(context, mode)

  test("writes under the first key of the kind", () => {
    expect(writer.decryptText(ring.encrypt("one"))).toBe("one")
    expect(ring.encryptMany(texts).map((token) => writer.decryptText(token))).toEqual(texts)
  })

  test("reads under every key of its own", () => {
    for (const own of [newOwn, oldOwn]) {
      expect(ring.decryptMany(texts.map((text) => own.encrypt(text)))).toEqual(texts)
      expect(ring.decryptText(own.encrypt("one"))).toBe("one")
    }
  })

  test(`${readsShared ? "reads" : "refuses"} what is under shared keys`, () => {
    for (const key of [keys.first, keys.second]) {
      const tokens = texts.map((text) => new Keyring([key]).encrypt(text))
      const opened = readsShared ? texts : texts.map(() => undefined)
      expect(ring.decryptMany(tokens)).toEqual(opened)
      expect(ring.isBarred(tokens[0] ?? "")).toBe(!readsShared)
    }
  })

  test("rotates all that it reads to the key it writes under", () => {
    const tokens = [newOwn, oldOwn, ...(readsShared ? [shared] : [])].map((one) =>
      one.encryptAtTime("old", 1_700_000_000),
    )

    for (const [i, rotated] of ring.rotateMany([...tokens, ...tokens]).entries()) {
      const token = rotated?.token ?? tokens[i % tokens.length] ?? ""
      expect(writer.decryptText(token)).toBe("old")
      expect(writer.extractTimestamp(token)).toBe(1_700_000_000)
    }
  })

  test("remains what it is when it is forked", () => {
    const fork = ring.fork()
    const token = shared.encrypt("x")

    expect(fork.isBarred(token)).toBe(!readsShared)
    expect(fork.sharedRing()).toBe(shared)
    expect(fork.fingerprints).toEqual(shared.fingerprints)
  })
})

describe("of a column's ring", () => {
  test("the shared keys are leaving while tokens are moved, and at no other time", () => {
    const leaving = (mode: "moving" | "only" | "ready"): readonly boolean[] =>
      [0, 1, 2, 3].map((keyIndex) => shared.forColumn(context, mode).isLeaving(keyIndex))

    expect(leaving("moving")).toEqual([false, false, true, true])
    expect(leaving("ready")).toEqual([false, false, false, false])
    expect(leaving("only")).toEqual([false, false, false, false])
    expect(shared.isLeaving(2)).toBe(false)
  })

  test("the shared ring is the one it comes from, and of any other ring itself", () => {
    expect(shared.forColumn(context, "only").sharedRing()).toBe(shared)
    expect(shared.sharedRing()).toBe(shared)
    expect(shared.isBarred(shared.encrypt("x"))).toBe(false)
  })
})
