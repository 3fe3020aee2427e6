import { describe, expect, test } from "@jest/globals"

import {
  fingerprintsBeyond,
  isSameKeyring,
  joinedKeyring,
  readsWhatIsWritten,
  withoutFirst,
} from "../../src/fernet/joined-keyring"
import { generateKey } from "../../src/fernet/key"
import { Keyring } from "../../src/fernet/keyring"

const [a, b, c] = [generateKey(), generateKey(), generateKey()] as [string, string, string]
const ring = (...keys: string[]): Keyring => new Keyring(keys)
const prints = (...keys: string[]): readonly string[] => ring(...keys).fingerprints

describe("joined keyrings", () => {
  test("encrypt as the first does, and have every key of all once, in order", () => {
    const joined = joinedKeyring(ring(a), ring(b, a, c), ring(c))

    expect(joined.fingerprints).toEqual(prints(a, b, c))
    expect(ring(a).decryptText(joined.encrypt("one"))).toBe("one")
    expect(joined.decryptText(ring(c).encrypt("two"))).toBe("two")
  })

  test("read what another writes if they have its first key, in whatever place", () => {
    expect(readsWhatIsWritten(ring(a, b), ring(b, c))).toBe(true)
    expect(readsWhatIsWritten(ring(a, b), ring(a))).toBe(true)
    expect(readsWhatIsWritten(ring(a, b), ring(c, a))).toBe(false)
  })

  test("are the same if their keys are, in the same order", () => {
    expect(isSameKeyring(ring(a, b), ring(a, b))).toBe(true)
    expect(isSameKeyring(ring(a, b), ring(b, a))).toBe(false)
    expect(isSameKeyring(ring(a, b), ring(a))).toBe(false)
    expect(isSameKeyring(ring(a), ring(a, b))).toBe(false)
    expect(isSameKeyring(ring(a, b), ring(a, c))).toBe(false)
  })

  test("tell the keys that another does not have", () => {
    expect(fingerprintsBeyond(ring(a, b, c), ring(b))).toEqual([...prints(a), ...prints(c)])
    expect(fingerprintsBeyond(ring(a), ring(b, a))).toEqual([])
  })

  test("without the first have the others, if there are any", () => {
    expect(withoutFirst(ring(a, b, c))?.fingerprints).toEqual(prints(b, c))
    expect(withoutFirst(ring(a))).toBeUndefined()
  })
})
