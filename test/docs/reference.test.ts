import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { constants } from "node:os"
import { describe, expect, test } from "@jest/globals"

import type { DecryptionFailureReason, EncryptionErrorCode } from "../../src"
import { exitCodes } from "../../src/cli/exit-code"
import { readText } from "./regions"

const pages = ["README.md", "SECURITY.md", ...readdirSync("docs").map((name) => `docs/${name}`)]
  .filter((path) => path.endsWith(".md"))
  .map((path) => [path, readText(path)] as const)
const everything = pages.map(([, text]) => text).join("\n")
const errors = readText("docs/errors.md")
const commandsPage = readText("docs/commands.md")
const sources = readdirSync("src", { encoding: "utf8", recursive: true })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => readFileSync(join("src", path), "utf8"))

/** By type, so that a new code does not compile until it is here. */
const codes: Readonly<Record<EncryptionErrorCode, true>> = {
  ERR_ALREADY_ENCRYPTED: true,
  ERR_ALREADY_RUNNING: true,
  ERR_BULK_INCOMPLETE: true,
  ERR_CHECK_FAILED: true,
  ERR_COLUMN_MISUSE: true,
  ERR_COLUMN_UNBOUND: true,
  ERR_DECRYPTION_FAILED: true,
  ERR_INVALID_TOKEN: true,
  ERR_INVALID_VALUE: true,
  ERR_KEY_INVALID: true,
  ERR_KEY_MISSING: true,
  ERR_REVEAL_UNRECORDED: true,
  ERR_SEAM_BROKEN: true,
  ERR_STATEMENT_FAILED: true,
  ERR_UNSUPPORTED_DATABASE: true,
  ERR_UNSUPPORTED_QUERY: true,
}

const reasons: Readonly<Record<DecryptionFailureReason, true>> = {
  expired: true,
  legacy: true,
  malformed: true,
  plaintext: true,
  "unknown-key": true,
}

interface Command {
  readonly name: string
  readonly description: string
  readonly options: readonly { readonly flags: string; readonly description: string }[]
}

/** Prints the commands of the program, in a process of its own, as a program runs. */
const PRINT_COMMANDS = `
  const { createProgram } = require("./src/cli/program.ts")

  const commands = createProgram().commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: command.options.map(({ flags, description }) => ({ flags, description })),
  }))
  process.stdout.write(JSON.stringify(commands))`

const commands = JSON.parse(
  execFileSync(process.execPath, ["--import", "tsx", "--eval", PRINT_COMMANDS], {
    encoding: "utf8",
  }),
) as readonly Command[]
const options = commands.flatMap((command) =>
  command.options.map(({ flags, description }) => ({
    ...{ flags, description, long: /--[a-zA-Z][\w-]*/.exec(flags)?.[0] ?? flags },
    command: command.name,
  })),
)

/** Options of other programs, and of every one. */
const foreignOptions = [
  ...["--help", "--version"],
  ...["--env-file", "--import", "--jitless", "--max-semi-space-size"],
  ...["--save-dev", "--noEmit"],
]
/** Commands of TypeORM. */
const foreignCommands = ["migration:generate"]

describe("errors", () => {
  test.each(Object.keys(codes))("%s has its entry, with what to do", (code) => {
    expect(errors).toMatch(new RegExp(`^\\| \`${code}\` +\\| \\S.* \\| \\S.* \\|$`, "m"))
  })

  test.each(Object.keys(reasons))("the reason %s has its entry", (reason) => {
    expect(errors).toContain(`\n| \`${reason}\``)
  })

  test("are named that exist", () => {
    const named = everything.match(/\bERR_[A-Z_]+\b/g) ?? []

    expect([...new Set(named)].filter((code) => !(code in codes))).toEqual([])
  })
})

describe("commands", () => {
  test.each(commands.map((command) => [command.name, command.description]))(
    "%s has its entry, in the words of its help",
    (name, description) => {
      expect(tableRows(commandsPage)).toContainEqual([`\`${name}\``, description])
    },
  )

  test.each(joined(options))("the option %s: %s, of %s", (flags, description, of) => {
    const escaped = flags.replace("|", "\\|")

    expect(tableRows(commandsPage)).toContainEqual([`\`${escaped}\``, description, of])
  })

  test("are named that exist", () => {
    const named = everything.match(/(?<![\w-])(?:column|key|migration):[a-z]+\b/g) ?? []
    const known = [...commands.map((command) => command.name), ...foreignCommands]

    expect([...new Set(named)].filter((name) => !known.includes(name))).toEqual([])
  })

  test.each(pages)("options are named that exist, in %s", (_path, text) => {
    const known = [...options.map(({ long }) => long), ...foreignOptions]
    const named = [...text.matchAll(/(?<=[\s`([|])--[a-zA-Z][\w-]*/g)].map(([name]) => name)

    expect([...new Set(named)].filter((name) => !known.includes(name))).toEqual([])
  })

  test.each(calls())("%s has the options it is shown with: %s", (name, given) => {
    const own = options.filter(({ command }) => command === name).map(({ long }) => long)

    expect(given.filter((option) => ![...own, "--help"].includes(option))).toEqual([])
  })

  test("exit as the table says", () => {
    const { SIGINT, SIGTERM } = constants.signals
    const signalled = [SIGINT, SIGTERM].map((signal) => 128 + signal)

    const listed = tableRows(commandsPage).flatMap(([cell = "", , more]) =>
      more === undefined && /^[\d, ]+$/.test(cell) ? cell.split(", ").map(Number) : [],
    )
    expect(listed).toEqual([...Object.values(exitCodes), ...signalled])
  })
})

describe("options", () => {
  const named = sources.flatMap((source) =>
    [...source.matchAll(/OptionNames<(\w+)> = \{([^}]*)\}/g)].flatMap(([, type, body = ""]) =>
      [...body.matchAll(/(\w+): true/g)].map(([, name = ""]) => [type, name] as const),
    ),
  )

  test.each(named)("of %s: %s is in the documentation", (_type, name) => {
    const inCode = new RegExp(`\`[^\`\\n]*\\b${name}\\b[^\`\\n]*\`|^ *.*\\b${name}:`, "m")

    expect(everything.search(inCode)).not.toBe(-1)
  })
})

describe("channels", () => {
  const known = new Set(
    sources.flatMap((source) =>
      [...source.matchAll(/"typeorm-fernet:([\w.-]+)"/g)].map(([, name = ""]) => name),
    ),
  )
  const internal = ["canary", "canary-digest"]

  test("are named that exist", () => {
    const named = [...everything.matchAll(/typeorm-fernet:([a-z][\w.-]*\w)/g)]

    expect(named.map(([, name = ""]) => name).filter((name) => !known.has(name))).toEqual([])
  })

  test.each([...known].filter((name) => !internal.includes(name)))(
    "%s is in the documentation",
    (name) => {
      expect(everything.indexOf(name)).not.toBe(-1)
    },
  )
})

/** Cells of the lines of all tables. A bar that is escaped divides nothing. */
function tableRows(text: string): readonly (readonly string[])[] {
  const lines = text.split("\n").filter((line) => line.startsWith("|"))
  return lines.map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** Options of the same flags and words once, with the commands that have them. */
function joined(all: typeof options): readonly (readonly [string, string, string])[] {
  const found = new Map<string, [string, string, string[]]>()
  for (const { flags, description, command } of all) {
    const key = `${flags} ${description}`
    const short = command.replace(/^column:/, "")
    const row = found.get(key)
    if (row) row[2].push(short)
    else found.set(key, [flags, description, [short]])
  }
  return [...found.values()].map(([flags, description, of]) => [flags, description, of.join(", ")])
}

/** Every command line of the documentation: its command, and the options given to it. */
function calls(): readonly (readonly [string, readonly string[]])[] {
  return [...everything.matchAll(/(?<=typeorm-fernet )(\w+:\w+)([^\n`#]*)/g)].map(
    ([, name = "", rest = ""]) => [name, rest.match(/--[a-zA-Z][\w-]*/g) ?? []],
  )
}
