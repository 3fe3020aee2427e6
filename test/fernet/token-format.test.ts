import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { Fernet } from "../../src/fernet/fernet"
import { generateKey } from "../../src/fernet/key"
import {
  isToken,
  looksLikeToken,
  mayBeToken,
  SHORTEST_TOKEN,
  plaintextWithin,
  statedTimestamp,
  tokenLength,
  tokenShape,
} from "../../src/fernet/token-format"
import { PYTHON_KEY, pythonRotated, pythonTexts } from "./python-tokens"
import { padded } from "./reference"
import { generateVector, invalidVectors } from "./vectors"

const fernet = new Fernet(PYTHON_KEY)
const { token } = generateVector

describe("tokenShape", () => {
  test.each([
    generateVector.token,
    pythonRotated.before,
    ...pythonTexts.map((written) => written.token),
    fernet.encryptAtTime("from beyond 2106", 2 ** 40),
  ])("calls %s a token", (text) => {
    expect(tokenShape(text)).toBe("token")
  })

  test.each([
    ["cut short by a column's length", token.slice(0, 64)],
    ["without its padding", token.replace("==", "")],
    ["with a character too many", `${token}=`],
    ["with stray bits in its last character", token.replace("A==", "B==")],
    ["in the standard alphabet", token.replace("-", "+").replace("_", "/")],
    ["between spaces", ` ${token}\n`],
    ["of no more than its head", "gAAAAAA"],
  ])("calls a token %s malformed", (_, text) => {
    expect(tokenShape(text)).toBe("malformed")
  })

  test.each(["A", "B", "C", "D"])("knows a head that goes on with %s, up to 2106", (seventh) => {
    expect(tokenShape(`gAAAAA${seventh}x`)).toBe("malformed")
  })

  test.each([
    ["an empty text", ""],
    ["a social security number", "123-45-6789"],
    ["a text that mentions a token", `see ${token}`],
    ["two tokens", `${token} ${token}`],
    ["a token broken in two", `${token.slice(0, 60)}\n${token.slice(60)}`],
    ["six characters of a head", "gAAAAA"],
    ["a head of another time", "gAAAAAExxxx"],
    ["a head in other letters", "gaaaaaaxxxx"],
    ["bytes of another version", padded(Buffer.alloc(73, 0x81))],
    ["bytes of another length", padded(Buffer.alloc(72, 0x80))],
    ["bytes without ciphertext", padded(Buffer.alloc(57, 0x80))],
  ])("calls %s plaintext", (_, text) => {
    expect(tokenShape(text)).toBe("plaintext")
  })

  test("calls the specification's invalid tokens by their shape", () => {
    expect(invalidVectors.map((vector) => [vector.desc, tokenShape(vector.token)])).toEqual([
      ["incorrect mac", "token"],
      ["too short", "malformed"],
      ["invalid base64", "plaintext"],
      ["payload size not multiple of block size", "malformed"],
      ["payload padding error", "token"],
      ["far-future TS (unacceptable clock skew)", "token"],
      ["expired TTL", "token"],
      ["incorrect IV (causes padding error)", "token"],
    ])
  })
})

describe("isToken", () => {
  test("knows tokens of any time, under any key", () => {
    for (const time of [0, 1, 1_767_225_600, 1_767_225_600_000, 2 ** 50, Number.MAX_SAFE_INTEGER]) {
      expect(isToken(new Fernet(generateKey()).encryptAtTime("Ada", time))).toBe(true)
    }
  })

  test.each([
    undefined,
    null,
    3,
    "",
    "gAAAAABob",
    token.slice(0, -4),
    ` ${token}`,
    Buffer.from(token),
  ])("takes no %p for one", (value) => {
    expect(isToken(value)).toBe(false)
  })
})

describe("looksLikeToken", () => {
  test.each([
    token,
    fernet.encryptAtTime("of milliseconds", 1_767_225_600_000),
    "gAAAAABob",
    " gAAAAAA",
  ])("takes %s for no plaintext", (text) => {
    expect(looksLikeToken(text)).toBe(true)
  })

  test.each(["", "gA", "gAAAAAE", `see ${token}`, "gAAAAAB of words"])(
    "takes %j for plaintext",
    (text) => {
      expect(looksLikeToken(text)).toBe(false)
    },
  )
})

describe("mayBeToken", () => {
  test("passes every token, whatever its timestamp", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (time) => {
        expect(mayBeToken(fernet.encryptAtTime("Ada", time))).toBe(true)
      }),
    )
  })

  test.each(["g", "g@AAAA", "gQAAAA", "ga", "GAAAAA"])(
    "tells %j from one by the version byte",
    (text) => {
      expect(mayBeToken(text)).toBe(false)
    },
  )

  test.each([token, pythonRotated.before, "gAAAAABob", "gA", "gP"])(
    "passes %s, which begins as one",
    (text) => {
      expect(mayBeToken(text)).toBe(true)
    },
  )

  test.each(["", "gaaaaaBob", ` ${token}`])("tells %j from one", (text) => {
    expect(mayBeToken(text)).toBe(false)
  })
})

describe("plaintextWithin", () => {
  test("is the longest plaintext whose token fits", () => {
    for (let characters = tokenLength(0); characters < 600; characters++) {
      const longest = plaintextWithin(characters)
      expect(tokenLength(longest)).toBeLessThanOrEqual(characters)
      expect(tokenLength(longest + 1)).toBeGreaterThan(characters)
    }
    expect(plaintextWithin(tokenLength(0) - 1)).toBe(-1)
  })
})

describe("tokenLength", () => {
  test("is the length of a token, whatever the length of its plaintext", () => {
    for (const bytes of [...Array(200).keys(), 65_535, 65_536, 1_000_003]) {
      expect(tokenLength(bytes)).toBe(fernet.encrypt(new Uint8Array(bytes)).length)
    }
  })

  test("is least for a value of no bytes", () => {
    expect(SHORTEST_TOKEN).toBe(fernet.encrypt("").length)
    expect(SHORTEST_TOKEN).toBe(100)
  })
})

describe("statedTimestamp", () => {
  test.each([0, 1_700_000_000, 2 ** 32, 2 ** 52 + 1])("is when a token was made: %s", (seconds) => {
    const token = fernet.encryptAtTime("a", seconds)

    expect(statedTimestamp(token)).toBe(seconds)
    expect(statedTimestamp(` \n${token}`)).toBe(seconds)
  })
})
