import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals"

import { parseKey } from "../../src/fernet/key"
import { type Outcome, runCli } from "./run-cli"

const root = join(__dirname, "..", "..")

let directory: string
let file: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "typeorm-fernet-"))
  file = join(directory, ".env")
})

afterEach(() => {
  rmSync(directory, { recursive: true })
})

function run(...args: readonly string[]): Promise<Outcome> {
  return runCli(args)
}

describe("typeorm-fernet key:generate", () => {
  test("prints a key and nothing else", async () => {
    const { code, stdout, stderr } = await run("key:generate")

    expect(stdout).toMatch(/^[^\n]+\n$/)
    expect(parseKey(stdout.trimEnd())).toHaveLength(32)
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  })

  test("makes an env file of mode 600 under umask 000 and prints no key", async () => {
    const umask = process.umask(0)
    const outcome = await run("key:generate", "--env", file).finally(() => process.umask(umask))

    expect(outcome).toEqual({ code: 0, stdout: "", stderr: `Added ENCRYPTION_KEY to ${file}.\n` })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, "utf8")).toMatch(/^ENCRYPTION_KEY=[\w-]{43}=\n$/)
  })

  test("fills in a copy of .env.sample", async () => {
    const sample = readFileSync(join(root, ".env.sample"), "utf8")
    writeFileSync(file, sample, { mode: 0o600 })

    await run("key:generate", "--env", file)

    const [, key = ""] = /^ENCRYPTION_KEY=(.+)$/m.exec(readFileSync(file, "utf8")) ?? []
    expect(parseKey(key)).toHaveLength(32)
    expect(readFileSync(file, "utf8").replace(key, "")).toBe(sample)
  })

  test("refuses a file that has a key, and leaves it as it is", async () => {
    const text = "ENCRYPTION_KEY=secret\n"
    writeFileSync(file, text)

    const { code, stdout, stderr } = await run("key:generate", "--env", file)

    expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
    expect(stderr).toMatch(/^error: .+ already sets ENCRYPTION_KEY; it was left as it is\./)
    expect(stderr).not.toContain("secret")
    expect(readFileSync(file, "utf8")).toBe(text)
  })

  test("writes nothing to a file that everybody can read", async () => {
    writeFileSync(file, "A=1\n", { mode: 0o644 })

    const { code, stderr } = await run("key:generate", "--env", file)

    expect(code).toBe(1)
    expect(stderr).toContain(`${file} is readable by every user (mode 644)`)
    expect(readFileSync(file, "utf8")).toBe("A=1\n")
  })

  test("warns of an existing file that its group can read", async () => {
    writeFileSync(file, "A=1\n", { mode: 0o640 })

    const { code, stderr } = await run("key:generate", "--env", file)

    expect(code).toBe(0)
    expect(stderr).toContain(
      `warning: ${file} is readable by its group (mode 640); chmod 600 it.\n`,
    )
  })

  test("sets the variable that is named, and refuses what is no name", async () => {
    const named = await run("key:generate", "--env", file, "--name", "BLIND_INDEX_KEY")
    const wrong = await run("key:generate", "--env", file, "--name", "A B")

    expect(named).toMatchObject({ code: 0, stderr: `Added BLIND_INDEX_KEY to ${file}.\n` })
    expect(readFileSync(file, "utf8")).toMatch(/^BLIND_INDEX_KEY=[\w-]{43}=\n$/)
    expect(wrong).toMatchObject({ code: 2, stdout: "" })
  })

  test("writes one key when started several times at once", async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () => run("key:generate", "--env", file)),
    )

    expect(outcomes.map(({ code }) => code).sort()).toEqual([0, 1, 1, 1])
    expect(readFileSync(file, "utf8")).toMatch(/^ENCRYPTION_KEY=[\w-]{43}=\n$/)
    expect(readdirSync(directory)).toEqual([".env"])
  })
})

describe("typeorm-fernet", () => {
  test.each<[what: string, args: readonly string[], message: string]>([
    ["no command", [], "Usage: typeorm-fernet"],
    ["an unknown command", ["key:make"], "error: unknown command 'key:make'"],
    ["an unknown option", ["key:generate", "--out", "x"], "error: unknown option '--out'"],
    ["an option without its value", ["key:generate", "--env"], "argument missing"],
    ["an argument too many", ["key:generate", "x"], "error: too many arguments"],
  ])("exits with 2 on %s", async (_, args, message) => {
    const { code, stdout, stderr } = await run(...args)

    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toContain(message)
  })

  test("prints the version of the package", async () => {
    const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))

    const { code, stdout } = await run("--version")

    expect(code).toBe(0)
    expect(manifest).toMatchObject({ version: stdout.trimEnd() })
  })

  test("prints its commands as help", async () => {
    const { code, stdout, stderr } = await run("--help")

    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    expect(stdout).toContain("key:generate")
  })
})
