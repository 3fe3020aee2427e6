import { copyFileSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import Database from "better-sqlite3"

import { marker, type Outcome, runCli } from "../cli/run-cli"
import { keys } from "../support/keys"
import { readText, snippets } from "./regions"

const runbook = readText("docs/runbook.md")
const variables: Readonly<Record<string, string>> = {
  OLD: keys.first,
  NEW: keys.second,
  OTHER: keys.second,
}
const damage = "UPDATE customer SET phone = substr(phone, 1, 50) || 'AAAA' || substr(phone, 55)"

/** What was done to a table of tokens, before the commands of each block are run in it, in order. */
const given: Readonly<Record<string, readonly string[]>> = {
  "A wrong key": [""],
  "A restored backup under an old key": ["", ""],
  "A login that finds nobody": ["UPDATE customer SET phone_bidx = NULL WHERE id IN (2, 3)", ""],
  "A run that is stuck or was killed": [
    `UPDATE customer SET phone = '${marker}', phone_bidx = NULL WHERE id IN (3, 4)`,
    `${damage} WHERE id = 3`,
  ],
  "Roll back a release": [""],
}

interface Command {
  readonly environment: NodeJS.ProcessEnv
  readonly args: readonly string[]
  /** What the runbook shows that it prints. */
  readonly shown: string
}

let directory: string
let file: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "typeorm-fernet-runbook-"))
  file = join(directory, "clinic.sqlite")
  const database = new Database(file)
  database.exec(
    "CREATE TABLE customer (id int PRIMARY KEY, phone text NOT NULL, credit text, phone_bidx varchar(64))",
  )
  const insert = database.prepare("INSERT INTO customer (id, phone) VALUES (?, ?)")
  for (const id of [1, 2, 3, 4]) insert.run(id, `${marker} ${id}`)
  database.close()
  await run(["column:encrypt", "-d", "dist/data-source.js"], file)
})

afterAll(() => {
  rmSync(directory, { recursive: true })
})

describe.each(Object.entries(given))("the runbook of: %s", (section, changes) => {
  const blocks = snippets(sectionOf(section), ["console"])

  test("has a block of commands for each state that is made", () => {
    expect(blocks).toHaveLength(changes.length)
  })

  test.each(changes.map((sql, i) => [i + 1, sql, blocks[i] ?? ""] as const))(
    "shows what commands print, block %i",
    async (number, sql, block) => {
      const copy = join(directory, `${number}.sqlite`)
      copyFileSync(file, copy)
      if (sql !== "") execute(copy, sql)

      for (const { args, environment, shown } of commandsOf(block)) {
        const outcome = await run(args, copy, environment)
        expect(printed(outcome)).toBe(shown)
      }
    },
  )
})

test("the runbook shows no output that is not compared", () => {
  const compared = Object.values(given).flat().length

  expect(snippets(runbook, ["console"])).toHaveLength(compared)
})

test("every section says what one sees, how long it takes, and what may be repeated", () => {
  const sections = [...runbook.matchAll(/^## (.+)$/gm)].map(([, name = ""]) => name)

  for (const section of sections) {
    const words = [...sectionOf(section).matchAll(/^- \*\*(.+?)\*\*/gm)].map(([, word]) => word)
    expect([section, words]).toEqual([section, ["You see", "How long", "Safe to repeat"]])
  }
})

function sectionOf(name: string): string {
  const [, text = ""] = runbook.split(`## ${name}\n`)
  return text.split("\n## ")[0] ?? ""
}

function commandsOf(block: string): readonly Command[] {
  return block
    .split(/^\$ /m)
    .slice(1)
    .map((text) => {
      const [line = "", ...shown] = text.trimEnd().split("\n")
      const [assigned = "", command = ""] = line.split("npx typeorm-fernet ")
      return {
        args: command.split(" "),
        environment: environmentOf(assigned),
        shown: withoutSeconds(shown.join("\n")),
      }
    })
}

function environmentOf(assigned: string): NodeJS.ProcessEnv {
  const assignments = [...assigned.matchAll(/(\w+)="([^"]*)"/g)]
  return Object.fromEntries(
    assignments.map(([, name = "", value = ""]) => [
      name,
      value.replaceAll(/\$(\w+)/g, (_, variable: string) => variables[variable] ?? ""),
    ]),
  )
}

function run(
  args: readonly string[],
  database: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const source = "test/integration/cli/data-source.js"
  return runCli(
    args.map((arg) => (arg === "dist/data-source.js" ? source : arg)),
    {
      DATABASE: JSON.stringify({ type: "better-sqlite3", database }),
      ENCRYPTION_KEY: keys.first,
      ...environment,
    },
  )
}

/** What stays on a terminal: not the progress, which is drawn over itself. */
function printed({ stdout, stderr }: Outcome): string {
  const errors = stderr.split("\n").filter((line) => line.startsWith("error: "))
  return withoutSeconds([...errors, stdout.trimEnd()].filter((text) => text !== "").join("\n"))
}

function withoutSeconds(text: string): string {
  return text.replaceAll(/in [\d.]+ s$/gm, "in … s").trimEnd()
}

function execute(path: string, sql: string): void {
  const database = new Database(path)
  database.exec(sql)
  database.close()
}
