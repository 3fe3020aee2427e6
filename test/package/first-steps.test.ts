import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals"

import { readText } from "../docs/regions"
import { packedTarball } from "./packed-tarball"
import { repository, run } from "./run"

interface Block {
  readonly language: string
  readonly text: string
}

/** The blocks of the README, up to where its reader has seen the example run. */
const blocks = blocksOf(readText("README.md").split("\n## What it does")[0] ?? "")
/** The files that it has its reader make, by the language of their block. */
const files: Readonly<Record<string, string>> = { json: "tsconfig.json", ts: "patients.ts" }
/** What it shows that the example prints. */
const shown = blocks.find(({ language }) => language === "console")?.text
const driver = "better-sqlite3"

const environment = {
  ...process.env,
  // A driver that is built, not downloaded, takes minutes: it is linked in, as it is built here
  npm_config_ignore_scripts: "true",
  npm_config_prefer_offline: "true",
  npm_config_audit: "false",
  npm_config_fund: "false",
}

let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "typeorm-fernet-first-steps-"))
})

afterAll(() => {
  rmSync(directory, { recursive: true })
})

afterEach(() => {
  for (const name of [".env", "clinic.sqlite"]) rmSync(join(directory, name), { force: true })
})

test("a new user pastes the blocks of the README in an empty folder, and sees what it shows", () => {
  expect(pasteAll()).toBe(shown)
  expect(readFileSync(join(directory, ".env"), "utf8")).toMatch(/^ENCRYPTION_KEY=[\w-]{43}=$/m)
  expect(compiled()).toBe(shown)
})

test("so does a new user of ES modules", () => {
  sh("npm init --yes && npm pkg set type=module")

  expect(pasteAll()).toBe(shown)
  expect(compiled()).toBe(shown)
})

/** Does with each block what its reader does, and returns what the last of them prints. */
function pasteAll(): string | undefined {
  return blocks
    .map(paste)
    .filter((printed) => printed !== undefined)
    .at(-1)
}

/** What the program prints that the tsconfig.json shown has compiled, strictly. */
function compiled(): string {
  rmSync(join(directory, "clinic.sqlite"))
  sh("npx tsc --outDir out")
  return sh("node --env-file=.env out/patients.js")
}

function paste({ language, text }: Block): string | undefined {
  const file = files[language]
  if (file !== undefined) writeFileSync(join(directory, file), text)
  if (language !== "bash") return undefined
  const printed = sh(text.replace("install typeorm-fernet", `install ${packedTarball()}`))
  if (text.includes(`install ${driver}`)) linkDriver()
  return printed
}

function linkDriver(): void {
  const path = join(directory, "node_modules", driver)
  rmSync(path, { recursive: true })
  symlinkSync(join(repository, "node_modules", driver), path, "junction")
}

/** Runs lines of a shell as they are, and returns what they print, in which tokens are cut short. */
function sh(lines: string): string {
  const printed = run("sh", ["-e", "-c", lines], directory, environment)
  return printed.replaceAll(/gAAAAAB[\w-]+=*/g, "gAAAAAB…").trimEnd()
}

function blocksOf(markdown: string): readonly Block[] {
  return [...markdown.matchAll(/^```(\w+)\n([^]*?)\n```$/gm)].map(
    ([, language = "", text = ""]) => ({ language, text }),
  )
}
