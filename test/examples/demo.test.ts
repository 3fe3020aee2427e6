import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"

import { type ProgramEnd, runTypeScript } from "./run-example"

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

  describe("where nobody watches", () => {
    let shown: ProgramEnd

    beforeAll(async () => {
      shown = await runTypeScript("examples/demo.ts", environment)
    })

    test("ends well, and writes nothing else", () => {
      expect(shown).toMatchObject({ status: 0, stderr: "" })
      expect(shown.stdout).toContain("The tables are dropped; nothing is left behind.\n")
    })

    test("shows its steps in order", () => {
      const titles = Array.from(shown.stdout.matchAll(/^(\d)\. /gm), ([, number]) => number)

      expect(titles).toEqual(["1", "2", "3", "4", "5", "6"])
    })

    test("shows plaintext beside tokens, a refused query and a tampered token", () => {
      expect(shown.stdout).toMatch(/ssn +'078-05-1120' +gAAAAAB.{13}….{8} {2}\(100 characters\)\n/)
      expect(shown.stdout).toContain("code:    ERR_UNSUPPORTED_QUERY")
      expect(shown.stdout).toContain("reason:  unknown-key")
    })

    test("shows a search, what was sent for it, and what it found", () => {
      const sent = /sent: {3}… WHERE .*"email_bidx" = \$1.* {2}\[ '[0-9a-f]{32}' \]\n/

      expect(shown.stdout).toMatch(sent)
      expect(shown.stdout).toContain("found:  Ada Möller, Ada@example.com\n")
    })

    test("shows a table that is encrypted in place, and how far it is", () => {
      expect(shown.stdout).toMatch(
        /encrypting visitor: 50,000 of 50,000 rows, [\d,]+\/s, 0 s left\n/,
      )
      expect(shown.stdout).toMatch(/email +visitor1@example\.com +gAAAAAB.* \(120 characters\)\n/)
      expect(shown.stdout).toMatch(/email_bidx +NULL +[0-9a-f]{32}\n/)
      expect(shown.stdout).toMatch(/50,000 rows in [\d.]+ s\.\n/)
    })

    test("shows a rotation, after which the old key is not needed", () => {
      const [, first] = /fingerprint ([0-9a-f]{8})\./.exec(shown.stdout) ?? []
      const [, old, now] = /The key (\w+) is taken away; .* under (\w+)\./.exec(shown.stdout) ?? []

      expect(shown.stdout).toMatch(/rotating visitor: 50,000 of 50,000 rows/)
      expect(old).toBe(first)
      expect(now).toMatch(/^[0-9a-f]{8}$/)
      expect(now).not.toBe(old)
      const found = 'visitors.findOneBy({ email: "Visitor49999@example.com" }) finds row 49999.'
      expect(shown.stdout.split(found)).toHaveLength(3)
    })

    test("fits a screen of 100 columns, without colours and without lines over lines", () => {
      const lines = shown.stdout.split("\n").map((line) => line.length)

      expect(Math.max(...lines)).toBeLessThanOrEqual(100)
      expect(shown.stdout).not.toMatch(/[\u001b\r]/)
    })
  })

  test("leaves no server directory behind", () => {
    const left = readdirSync(temporary).filter((name) => name.startsWith("typeorm-fernet-"))

    expect(left).toEqual([])
  })
})
