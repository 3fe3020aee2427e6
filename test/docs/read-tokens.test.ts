import { spawnSync } from "node:child_process"
import { describe, expect, test } from "@jest/globals"

import { generateKey, Keyring } from "../../src"

const python = spawnSync("python3", ["-c", "import cryptography"])

if (python.status !== 0) {
  process.stderr.write("python3 with cryptography is missing: examples/read_tokens.py is not run\n")
}

const describeWithPython = python.status === 0 ? describe : describe.skip

describeWithPython("examples/read_tokens.py", () => {
  test("reads tokens under the first and under an older key", () => {
    const [newKey, oldKey] = [generateKey(), generateKey()]
    const tokens = [newKey, oldKey].map((key) => new Keyring([key]).encrypt("078-05-1120"))

    const { stdout } = spawnSync("python3", ["examples/read_tokens.py"], {
      env: { ...process.env, ENCRYPTION_KEY: `${newKey},${oldKey}` },
      input: `${tokens.join("\n")}\n`,
      encoding: "utf8",
    })

    expect(stdout).toBe("078-05-1120\n078-05-1120\n")
  })
})
