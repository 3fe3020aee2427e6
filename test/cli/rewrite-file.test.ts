import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals"

import { rewriteFile } from "../../src/cli/rewrite-file"

let directory: string
let file: string

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "typeorm-fernet-"))
  file = join(directory, ".env")
})

afterEach(() => {
  fs.rmSync(directory, { recursive: true })
})

function modeOf(path: string): number {
  return fs.statSync(path).mode & 0o777
}

function withUmask(mask: number, run: () => void): void {
  const before = process.umask(mask)
  try {
    run()
  } finally {
    process.umask(before)
  }
}

describe("rewriteFile", () => {
  test.each(["000", "022", "777"])("makes a file of mode 600 under umask %s", (mask) => {
    withUmask(parseInt(mask, 8), () => rewriteFile(file, () => "A=1\n"))

    expect(modeOf(file)).toBe(0o600)
    expect(fs.readFileSync(file, "utf8")).toBe("A=1\n")
  })

  test.each(["600", "640", "660"])("keeps and returns mode %s", (octal) => {
    const mode = parseInt(octal, 8)
    fs.writeFileSync(file, "")
    fs.chmodSync(file, mode)

    expect(rewriteFile(file, () => "A=1\n")).toBe(mode)
    expect(modeOf(file)).toBe(mode)
  })

  test.each(["644", "664", "604"])(
    "refuses a file that everybody can read, of mode %s",
    (octal) => {
      const link = join(directory, "link")
      fs.writeFileSync(file, "A=1\n")
      fs.chmodSync(file, parseInt(octal, 8))
      fs.symlinkSync(".env", link)

      for (const path of [file, link]) {
        expect(() => rewriteFile(path, () => "KEY=secret\n")).toThrow(
          `.env is readable by every user (mode ${octal}), and was left as it is; chmod 600 it first.`,
        )
      }
      expect(fs.readFileSync(file, "utf8")).toBe("A=1\n")
      expect(fs.readdirSync(directory).sort()).toEqual([".env", "link"])
    },
  )

  test("keeps every byte that is not rewritten", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    fs.writeFileSync(file, bytes, { mode: 0o600 })

    rewriteFile(file, (text) => text)

    expect(new Uint8Array(fs.readFileSync(file))).toEqual(bytes)
  })

  test("rewrites the file behind a symbolic link and keeps the link", () => {
    const link = join(directory, "link")
    fs.writeFileSync(file, "A=1\n", { mode: 0o600 })
    fs.symlinkSync(".env", link)

    rewriteFile(link, (text) => `${text}B=2\n`)

    expect(fs.readlinkSync(link)).toBe(".env")
    expect(fs.readFileSync(file, "utf8")).toBe("A=1\nB=2\n")
  })

  test("refuses a symbolic link to nothing", () => {
    fs.symlinkSync("absent", file)

    expect(() => rewriteFile(file, () => "A=1\n")).toThrow("ENOENT")
    expect(fs.readdirSync(directory)).toEqual([".env"])
  })

  test("refuses a directory", () => {
    fs.mkdirSync(file)

    expect(() => rewriteFile(file, () => "A=1\n")).toThrow("is not a regular file.")
    expect(fs.readdirSync(directory)).toEqual([".env"])
  })

  test("leaves the file and no lock when the rewrite is refused", () => {
    fs.writeFileSync(file, "A=1\n", { mode: 0o600 })

    const refuse = (): never => {
      throw new Error("refused")
    }

    expect(() => rewriteFile(file, refuse)).toThrow("refused")
    expect(fs.readFileSync(file, "utf8")).toBe("A=1\n")
    expect(fs.readdirSync(directory)).toEqual([".env"])
  })

  test("refuses to write while another process does, and leaves its lock", () => {
    rewriteFile(file, () => {
      expect(() => rewriteFile(file, () => "B=2\n")).toThrow(
        `${file}.lock exists: another process is writing. Delete it if none is.`,
      )
      return "A=1\n"
    })

    expect(fs.readFileSync(file, "utf8")).toBe("A=1\n")
    expect(fs.readdirSync(directory)).toEqual([".env"])
  })

  test("shows a reader the old content until the new is complete", () => {
    fs.writeFileSync(file, "A=1\n", { mode: 0o600 })

    rewriteFile(file, (text) => {
      expect(fs.readFileSync(file, "utf8")).toBe(text)
      return "B=2\n"
    })

    expect(fs.readFileSync(file, "utf8")).toBe("B=2\n")
  })

  const notRoot = process.getuid?.() === 0 ? test.skip : test
  notRoot("refuses a file that may not be written", () => {
    fs.writeFileSync(file, "A=1\n", { mode: 0o400 })

    expect(() => rewriteFile(file, () => "B=2\n")).toThrow("EACCES")
  })

  const asRoot = process.getuid?.() === 0 ? test : test.skip
  asRoot("keeps the owner", () => {
    fs.writeFileSync(file, "A=1\n", { mode: 0o600 })
    fs.chownSync(file, 1234, 5678)

    rewriteFile(file, () => "B=2\n")

    expect(fs.statSync(file)).toMatchObject({ uid: 1234, gid: 5678 })
  })
})
