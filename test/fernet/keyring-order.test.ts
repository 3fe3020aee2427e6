import { describe, expect, test } from "@jest/globals"

import { parseKey } from "../../src/fernet/key"
import { Keyring } from "../../src/fernet/keyring"
import { TokenKey } from "../../src/fernet/token-key"
import type { TokenScratch } from "../../src/fernet/token-scratch"
import { PYTHON_KEY, PYTHON_OLD_KEY } from "./python-tokens"
import { VECTOR_KEY } from "./vectors"

let tried: string[] = []

/** A key that notes its name whenever it is tried on a token. */
class WatchedKey extends TokenKey {
  readonly name: string

  constructor(name: string, key: string) {
    super(parseKey(key))
    this.name = name
  }

  override signed(token: TokenScratch): boolean {
    tried.push(this.name)
    return super.signed(token)
  }
}

describe("the keys of a ring", () => {
  const a = new WatchedKey("a", PYTHON_KEY)
  const b = new WatchedKey("b", PYTHON_OLD_KEY)
  const c = new WatchedKey("c", VECTOR_KEY)
  const foreign = new TokenKey(Buffer.alloc(32))

  /** Which keys are tried on a token under `key`. */
  function triesFor(keys: Keyring, key: TokenKey): string {
    tried = []
    keys.keyIndexOf(key.seal("", 0))
    return tried.join("")
  }

  test("tries the key that opened the last token first, then the others in order", () => {
    const keys = new Keyring([a, b, c])

    expect(triesFor(keys, b)).toBe("ab")
    expect(triesFor(keys, b)).toBe("b")
    expect(triesFor(keys, c)).toBe("bac")
    expect(triesFor(keys, a)).toBe("ca")
  })

  test("does not forget which key worked over a token that none opens", () => {
    const keys = new Keyring([a, b, c])
    triesFor(keys, c)

    expect(triesFor(keys, foreign)).toBe("cab")
    expect(triesFor(keys, c)).toBe("c")
  })

  test("remembers it whatever the token was opened for", () => {
    const keys = new Keyring([a, b, c])

    keys.decrypt(b.seal("", 0))

    expect(triesFor(keys, b)).toBe("b")
  })

  test("forks have memories of their own", () => {
    const keys = new Keyring([a, b, c])
    const fork = keys.fork()

    triesFor(keys, c)

    expect(triesFor(fork, b)).toBe("ab")
    expect(triesFor(keys, c)).toBe("c")
  })
})
