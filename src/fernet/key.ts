import { randomBytes } from "node:crypto"

import { KeyError } from "../errors"
import { tokenShape } from "./token-format"

/** Signing key ‖ encryption key. */
const KEY_BYTES = 16 + 16

/** 42 free characters, one whose two spare bits are zero, and the padding. */
const CANONICAL_KEY = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]=$/

const GENERATE = "`npx typeorm-fernet key:generate`"

/**
 * Returns a new random key: 32 bytes in URL-safe Base64, 44 characters with the trailing `=`.
 */
export function generateKey(): string {
  return `${randomBytes(KEY_BYTES).toString("base64url")}=`
}

/**
 * Decodes a Fernet key to its 32 bytes: 16 to sign with, then 16 to encrypt with. Only the
 * canonical spelling is accepted, so that two spellings cannot name the same key. The bytes do not
 * lie in Node's shared buffer pool.
 *
 * @param name - what the message calls the key, as in "Key 2 of 3 in ENCRYPTION_KEY"
 * @throws {@link KeyError} `ERR_KEY_INVALID`, naming the likely mistake but no part of the key
 */
export function parseKey(key: string, name = "The key"): Buffer {
  const mistake = findMistake(key)
  if (mistake !== undefined) {
    throw new KeyError(
      "ERR_KEY_INVALID",
      `${name} ${mistake}. A Fernet key is 32 bytes in URL-safe Base64, 44 characters with the ` +
        `trailing "="; ${GENERATE} makes one.`,
    )
  }
  const bytes = Buffer.alloc(KEY_BYTES)
  bytes.write(key, "base64url")
  return bytes
}

/**
 * Decodes a list of keys, each as `parseKey` does, in the order given. Messages name the position:
 * "Key 2 of 3 in ENCRYPTION_KEY".
 *
 * @param origin - where the keys come from, as in "ENCRYPTION_KEY"; left out of messages if absent
 * @throws {@link KeyError} `ERR_KEY_MISSING` if the list is empty; `ERR_KEY_INVALID` if it is not an
 * array, an element is not a key, or a key occurs twice
 */
export function parseKeys(keys: readonly string[], origin?: string): readonly Buffer[] {
  const place = origin === undefined ? "" : ` in ${origin}`
  if (!Array.isArray(keys)) {
    throw new KeyError("ERR_KEY_INVALID", `The keys${place} are not an array of strings.`)
  }
  if (keys.length === 0) {
    throw new KeyError("ERR_KEY_MISSING", `There is no key${place}; ${GENERATE} makes one.`)
  }
  const nameOf = (index: number): string =>
    keys.length === 1 ? `The key${place}` : `Key ${index + 1} of ${keys.length}${place}`
  const parsed = Array.from(keys as readonly string[], (key, index) => parseKey(key, nameOf(index)))
  parsed.forEach((key, index) => {
    const first = parsed.findIndex((other) => other.equals(key))
    if (first !== index) {
      throw new KeyError(
        "ERR_KEY_INVALID",
        `${nameOf(index)} is the same as key ${first + 1}; remove one of them.`,
      )
    }
  })
  return parsed
}

/** What is wrong with a key, worded to follow its name, or `undefined`. Quotes none of it. */
function findMistake(key: unknown): string | undefined {
  if (typeof key !== "string") {
    return `is not a string but ${key === null ? "null" : `of type ${typeof key}`}`
  }
  if (CANONICAL_KEY.test(key)) return undefined
  return mistakes.find(([applies]) => applies(key))?.[1] ?? describeLength(key)
}

/** Likely mistakes, the more telling first: the first that applies is reported. */
const mistakes: readonly (readonly [applies: (key: string) => boolean, mistake: string])[] = [
  [(key) => key.trim() === "", "is empty"],
  [
    (key) => /^\s*(?:export\s+)?[A-Z]\w{0,30}\s*=\s*[^=\s]/i.test(key),
    "begins with the name of a variable; keep only what follows",
  ],
  [(key) => /["'`]/.test(key), "contains quotation marks; remove them"],
  [(key) => key.includes(","), "contains a comma; pass a list of keys as separate keys"],
  [(key) => /\s/.test(key.trim()), "contains whitespace; separate keys by commas"],
  [(key) => key !== key.trim(), "is surrounded by whitespace; remove it"],
  [(key) => tokenShape(key) !== "plaintext", "is a Fernet token, not a key"],
  [
    (key) => /^[0-9a-f]{64}$/i.test(key),
    "is written in hexadecimal; encode its 32 bytes in Base64",
  ],
  [(key) => /^[0-9a-f]{32}$/i.test(key), "is written in hexadecimal and has 16 bytes, not 32"],
  [isEncodedTwice, "is encoded in Base64 twice; decode it once"],
  [(key) => !/^[\w+/-]*=*$/.test(key), "contains a character that is not URL-safe Base64"],
  [(key) => /[+/]/.test(key), "uses the standard Base64 alphabet; replace + by - and / by _"],
  [(key) => /^[\w-]{43}$/.test(key), 'lacks its trailing "="; append it'],
  // what follows the first "=" is no other character: that was refused above
  [(key) => /^[\w-]{43}==/.test(key), 'ends with more than one "="; keep one'],
  [(key) => /^[\w-]{43}=/.test(key), "has a mistyped last character; copy it again"],
]

function isEncodedTwice(key: string): boolean {
  return /^[\w-]{43}=?$/.test(Buffer.from(key, "base64").toString("latin1").trim())
}

function describeLength(key: string): string {
  return `has ${Buffer.byteLength(key, "base64url")} bytes after decoding, not 32`
}
