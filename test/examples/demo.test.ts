import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"

import { runTypeScript } from "./run-example"

describe("the demo", () => {
  let temporary: string
  let environment: NodeJS.ProcessEnv

  beforeAll(() => {
    temporary = mkdtempSync(join(tmpdir(), "typeorm-fernet-demo-"))
    // Under root the server is of another account
    chmodSync(temporary, 0o755)
    environment = { TMPDIR: temporary, DATABASE_URL: "", TEST_DB: "embedded", ENCRYPTION_KEY: "" }
  })

  afterAll(() => {
    rmSync(temporary, { recursive: true })
  })

  test("shows plaintext beside tokens, a refused query and a tampered token", async () => {
    const { status, stdout, stderr } = await runTypeScript("examples/demo.ts", environment)

    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    expect(stdout).toMatch(/ssn +'078-05-1120' +gAAAAAB.{13}….{8} {2}\(100 characters\)\n/)
    expect(stdout).toContain("code:    ERR_UNSUPPORTED_QUERY")
    expect(stdout).toContain("reason:  unknown-key")
  })

  test("fits a screen of 100 columns", async () => {
    const { stdout } = await runTypeScript("examples/demo.ts", environment)

    const lines = stdout.split("\n").map((line) => line.length)
    expect(Math.max(...lines)).toBeLessThanOrEqual(100)
  })

  test("leaves no server directory behind", () => {
    const left = readdirSync(temporary).filter((name) => name.startsWith("typeorm-fernet-"))

    expect(left).toEqual([])
  })
})
