import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "@jest/globals"

import { isToken, Keyring } from "../../src"
import { keys } from "../support/keys"

const directory = mkdtempSync(join(tmpdir(), "typeorm-fernet-snapshot-"))

afterAll(() => {
  rmSync(directory, { recursive: true })
})

/** Encrypts while the snapshot is built, which fills the pool of random bytes, and in each process. */
const program = `
import { startupSnapshot } from "node:v8"
import { Fernet } from ${JSON.stringify(join(__dirname, "../../src/fernet/fernet"))}
const key = ${JSON.stringify(keys.first)}
new Fernet(key).encrypt("x")
startupSnapshot.setDeserializeMainFunction(() => {
  process.stdout.write(new Fernet(key).encryptAtTime("x", 1))
})
`

/** Makes one file of a program, as a snapshot is built of. It is tsx that brings the bundler. */
function bundle(entry: string, outfile: string): void {
  const { buildSync } = createRequire(require.resolve("tsx"))("esbuild") as {
    readonly buildSync: (options: object) => void
  }
  const options = { entryPoints: [entry], outfile, bundle: true, platform: "node", format: "cjs" }
  buildSync({ ...options, logLevel: "error" })
}

test("processes restored from one snapshot make different tokens of one text", () => {
  const [entry, script, blob] = ["entry.ts", "entry.js", "snapshot.blob"].map((name) =>
    join(directory, name),
  ) as [string, string, string]
  writeFileSync(entry, program)
  bundle(entry, script)
  const run = (args: readonly string[]): string =>
    execFileSync(process.execPath, ["--snapshot-blob", blob, ...args], {
      encoding: "utf8",
      stdio: "pipe",
    })

  run(["--build-snapshot", script])
  const tokens = [run([]), run([])]

  expect(tokens.every(isToken)).toBe(true)
  expect(tokens.map((token) => new Keyring([keys.first]).decryptText(token))).toEqual(["x", "x"])
  expect(tokens[0]).not.toBe(tokens[1])
})
