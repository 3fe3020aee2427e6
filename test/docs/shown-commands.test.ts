import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "@jest/globals"
import Database from "better-sqlite3"

import { marker, runCli } from "../cli/run-cli"
import { keys } from "../support/keys"
import { readText, snippets } from "./regions"

/** The blocks of the guides that run the program; what the runbook shows has a test of its own. */
const blocks = readdirSync("docs")
  .flatMap((name) => snippets(readText(`docs/${name}`), ["bash"]))
  .map(commandsOf)
  .filter((commands) => commands.length > 0)

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "typeorm-fernet-shown-"))
  const database = new Database(join(directory, "clinic.sqlite"))
  database.exec(
    "CREATE TABLE customer (id int PRIMARY KEY, phone text NOT NULL, credit text, phone_bidx varchar(64))",
  )
  database.prepare("INSERT INTO customer (id, phone) VALUES (1, ?)").run(marker)
  database.close()
})

afterEach(() => {
  rmSync(directory, { recursive: true })
})

test.each(blocks.map((commands) => [commands.join("\n"), commands] as const))(
  "the guides show commands that run: %s",
  async (_text, commands) => {
    for (const command of commands) {
      const { code } = await run(command)

      // The table is in plaintext when its first command begins
      expect([command, code]).toEqual([command, command.includes("--check") ? 1 : 0])
    }
  },
)

function commandsOf(block: string): readonly string[] {
  return [...block.matchAll(/^npx typeorm-fernet (.*?)(?: +#.*| > .*)?$/gm)].map(
    ([, command = ""]) => command,
  )
}

/** Runs a command on the column of the table here, and on files that are nobody's. */
function run(command: string): ReturnType<typeof runCli> {
  const here: Readonly<Record<string, string>> = {
    "dist/data-source.js": "test/integration/cli/data-source.js",
    "Account.email": "Customer.phone",
    ".env": join(directory, ".env"),
  }
  return runCli(
    command.split(/ +/).map((arg) => here[arg] ?? arg),
    {
      DATABASE: JSON.stringify({
        type: "better-sqlite3",
        database: join(directory, "clinic.sqlite"),
      }),
      ENCRYPTION_KEY: keys.first,
    },
  )
}
