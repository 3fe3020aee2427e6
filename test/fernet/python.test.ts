import { spawnSync } from "node:child_process"

import { describe, expect, test } from "@jest/globals"

import { Fernet } from "../../src/fernet/fernet"
import { Keyring } from "../../src/fernet/keyring"

/** Reads `[key, method, arguments]` from standard input, calls it, and writes what it returns. */
const SCRIPT = `
import json, sys
from cryptography.fernet import Fernet, MultiFernet
keys, method, texts = json.load(sys.stdin)
fernet = MultiFernet([Fernet(key) for key in keys])
print(json.dumps([getattr(fernet, method)(text.encode()).decode() for text in texts]))
`

const interpreters = ["python3", "/usr/bin/python3", "/usr/local/bin/python3", "python"]
const python = interpreters.find(
  (name) => spawnSync(name, ["-c", "import cryptography.fernet"]).status === 0,
)

/** Python is not needed to work on this package: the tokens it wrote are tested everywhere. */
const withPython = python === undefined ? describe.skip : describe
if (python === undefined) {
  process.stderr.write(
    "SKIPPED: tests against Python; none of " +
      `${interpreters.join(", ")} can import cryptography.fernet (pip install cryptography)\n`,
  )
}

function callPython(
  keys: readonly string[],
  method: "decrypt" | "encrypt" | "rotate",
  texts: readonly string[],
): string[] {
  const { status, stdout, stderr } = spawnSync(python ?? "", ["-c", SCRIPT], {
    input: JSON.stringify([keys, method, texts]),
    encoding: "utf8",
  })
  if (status !== 0) throw new Error(`Python failed: ${stderr}`)
  return JSON.parse(stdout) as string[]
}

withPython("Python's cryptography", () => {
  const key = Fernet.generateKey()
  const old = Fernet.generateKey()
  const texts = ["", "123-45-6789", "Zoë 👩‍🔬 漢字", "0123456789abcdef", "\0", "note ".repeat(9999)]

  test("reads what Fernet writes", () => {
    const tokens = texts.map((text) => new Fernet(key).encrypt(text))

    expect(callPython([key], "decrypt", tokens)).toEqual(texts)
  })

  test("writes what Fernet reads", () => {
    const tokens = callPython([key], "encrypt", texts)

    expect(tokens.map((token) => new Fernet(key).decryptText(token))).toEqual(texts)
  })

  test("reads what Keyring rotates", () => {
    const tokens = texts.map((text) => new Fernet(old).encrypt(text))

    const rotated = tokens.map((token) => new Keyring([key, old]).rotate(token))

    expect(callPython([key], "decrypt", rotated)).toEqual(texts)
  })

  test("rotates what Keyring reads", () => {
    const tokens = texts.map((text) => new Fernet(old).encryptAtTime(text, 1_700_000_000))

    const rotated = callPython([key, old], "rotate", tokens)

    const keyring = new Keyring([key])
    expect(rotated.map((token) => keyring.decryptText(token))).toEqual(texts)
    expect(rotated.map((token) => keyring.extractTimestamp(token))).toEqual(
      texts.map(() => 1_700_000_000),
    )
  })
})
