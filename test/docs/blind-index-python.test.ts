import { spawnSync } from "node:child_process"

import { describe, expect, test } from "@jest/globals"

import { blindIndexVectors, slowIndexVectors, VECTOR_KEYS, vectorBytes } from "../search/vectors"

const hasPython = spawnSync("python3", ["--version"]).status === 0
if (!hasPython) {
  process.stderr.write("SKIPPED: python3 is missing: examples/blind_index.py is not run\n")
}
const describeWithPython = hasPython ? describe : describe.skip

/** Reads `[key, context, values in hex, bits]` for each vector and writes what Python computes. */
const SCRIPT = `
import json, sys
from blind_index import blind_index
print(json.dumps([blind_index(key, context, [bytes.fromhex(value) for value in values], bits)
                  for key, context, values, bits in json.load(sys.stdin)]))
`

function runPython(args: readonly string[], env: NodeJS.ProcessEnv, input = ""): string {
  const { status, stdout, stderr } = spawnSync("python3", args, {
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1", ...env },
    input,
    encoding: "utf8",
  })
  if (status !== 0) throw new Error(`Python failed: ${stderr}`)
  return stdout
}

describeWithPython("examples/blind_index.py", () => {
  test("computes every vector", () => {
    const calls = blindIndexVectors.map((vector) => [
      VECTOR_KEYS[vector.key],
      vector.context,
      vectorBytes(vector).map((value) => value.toString("hex")),
      vector.bits,
    ])

    const stdout = runPython(["-c", SCRIPT], { PYTHONPATH: "examples" }, JSON.stringify(calls))

    expect(JSON.parse(stdout)).toEqual(blindIndexVectors.map(({ digest }) => digest))
  })

  test.each(slowIndexVectors)("computes a slow index at cost $slow", ({ slow, digest }) => {
    const call = `blind_index("${VECTOR_KEYS.first}", "users/email/email_index", [b"alice@example.com"], slow=${slow})`

    const stdout = runPython(["-c", `from blind_index import *\nprint(${call})`], {
      PYTHONPATH: "examples",
    })

    expect(stdout).toBe(`${digest}\n`)
  })

  test.each(
    blindIndexVectors.filter(({ name }) =>
      ["the default, 128 bits", "a table of a schema", "two values of a schema's table"].includes(
        name,
      ),
    ),
  )("prints the index under the first key: $name", ({ context, values, digest }) => {
    const stdout = runPython(["examples/blind_index.py", context, ...(values as string[])], {
      ENCRYPTION_KEY: `${VECTOR_KEYS.first},${VECTOR_KEYS.second}`,
    })

    expect(stdout).toBe(`${digest}\n`)
  })
})
