import { spawnSync } from "node:child_process"
import { describe, expect, test } from "@jest/globals"

import { generateKey, Keyring } from "../../src"
import { columnKeyVectors, VECTOR_KEY } from "../fernet/column-key-vectors"

const python = spawnSync("python3", ["-c", "import cryptography"])

if (python.status !== 0) {
  process.stderr.write(
    "SKIPPED: python3 with cryptography is missing: examples/column_keys.py is not run\n",
  )
}

const describeWithPython = python.status === 0 ? describe : describe.skip

function read(context: readonly string[], tokens: readonly string[], keys: string): string {
  const { stdout, stderr, status } = spawnSync("python3", ["examples/column_keys.py", ...context], {
    env: { ...process.env, ENCRYPTION_KEY: keys },
    input: `${tokens.join("\n")}\n`,
    encoding: "utf8",
  })
  if (status !== 0) throw new Error(`Python failed: ${stderr}`)
  return stdout
}

describeWithPython("examples/column_keys.py", () => {
  test("reads a column's tokens under the first and under an older key", () => {
    const [newKey, oldKey] = [generateKey(), generateKey()]
    const tokens = [newKey, oldKey].map((key) =>
      new Keyring([key]).forColumn(["patient", "ssn"], "only").encrypt("078-05-1120"),
    )

    expect(read(["patient", "ssn"], tokens, `${newKey},${oldKey}`)).toBe(
      "078-05-1120\n078-05-1120\n",
    )
  })

  test.each(columnKeyVectors)("derives the key of $context", ({ context, derived }) => {
    const token = new Keyring([derived]).encrypt("078-05-1120")

    expect(read(context, [token], VECTOR_KEY)).toBe("078-05-1120\n")
  })

  test("reads no token of another column", () => {
    const key = generateKey()
    const token = new Keyring([key]).forColumn(["patient", "note"], "only").encrypt("x")

    expect(() => read(["patient", "ssn"], [token], key)).toThrow("InvalidToken")
  })
})
