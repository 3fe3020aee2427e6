import { execFileSync } from "node:child_process"
import { join } from "node:path"

import { describe, expect, test } from "@jest/globals"

describe("a process", () => {
  function readBack(...options: readonly string[]): unknown {
    const program = [join(__dirname, "read-back.ts")]
    const given = [...options, "-r", require.resolve("tsx/cjs"), ...program]
    return JSON.parse(execFileSync(process.execPath, given, { encoding: "utf8", stdio: "pipe" }))
  }

  test.each(["--liftoff-only", "--no-liftoff", "--no-wasm-tier-up"])(
    "uses the engine with the compiler that %s leaves",
    (option) => {
      expect(readBack(option)).toEqual({ said: [], texts: [1, 1, 300, 3000] })
    },
  )

  test("under --jitless does the same without it", () => {
    expect(readBack("--jitless")).toEqual({
      said: [{ reason: "no-webassembly" }],
      texts: [1, 1, 300, 3000],
    })
  })
})
