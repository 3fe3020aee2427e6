import { parseArgs } from "node:util"

import type { BindingOptions } from "./binding/options"
import type { BulkOptions } from "./bulk"
import { subjectNames } from "./bulk/targets"
import type { FernetOptions } from "./fernet/options"
import type { OrmOptions } from "./orm/options"
import { type Part, parts } from "./report/line"
import type { SearchOptions } from "./search/options"

/** What a run is asked for. */
export interface BenchOptions {
  readonly parts: readonly Part[]
  readonly quick: boolean
  /** The folder of RESULTS.md. */
  readonly out: string
  /** A file that gets all figures as well. */
  readonly json: string | undefined
  readonly fernet: FernetOptions
  readonly orm: OrmOptions
  readonly binding: BindingOptions
  readonly search: SearchOptions
  readonly bulk: BulkOptions
}

/** Where the committed results are, which the README takes its figures from. */
export const RESULTS = "bench"

/** Shown for `--help`. */
export const usage = `Usage: npm run bench -- [${parts.join("|")} …] [options]

Runs all parts, or those named. Writes RESULTS.md, results.json and charts to bench/, where the parts
that were not run stay as they are, and the figures to the README. Exits 1 if a target is missed.

  --quick            smallest sizes, to see that it works; the results say so, and no target counts
  --full             bulk: 3000000 rows too, and 3 rounds
  --rounds <n>       fernet, orm, binding, search: rounds, of which medians are taken (default 21, 15 …)
  --out <folder>     write there instead
  --json <file>      write all figures there as well

  of bulk:
  --rows <n,…>       table sizes on PostgreSQL (default 100000,1000000)
  --other-rows <n>   table sizes on MariaDB and SQLite (default 200000)
  --repeat <n>       rounds (default 2)
  --only <name,…>    of ${subjectNames.join(", ")}
  --no-saves         leave out the save() loop`

const declared = {
  quick: { type: "boolean", default: false },
  full: { type: "boolean", default: false },
  rounds: { type: "string" },
  out: { type: "string", default: RESULTS },
  json: { type: "string" },
  rows: { type: "string" },
  "other-rows": { type: "string" },
  repeat: { type: "string" },
  only: { type: "string", default: subjectNames.join(",") },
  "no-saves": { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const

/**
 * Reads the command line; `undefined` if it asks for help.
 *
 * @throws Error if it cannot be understood
 */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: declared,
    allowPositionals: true,
  })
  if (values.help) return undefined
  const { quick, full, out, json, only } = values
  const asked = only.toLowerCase().split(",")
  return {
    ...{ quick, out, json },
    parts: positionals.length === 0 ? parts : positionals.map(requirePart),
    fernet: {
      sizes: quick ? [16, 64] : [16, 64, 256, 4096, 65536],
      rounds: numbers(values.rounds, quick ? [2] : [21])[0],
      seconds: quick ? 0.002 : 0.04,
      operations: quick ? 10_000 : 1_000_000,
    },
    orm: {
      rows: quick ? 100 : 10_000,
      rowsOnSqlite: quick ? 100 : 1000,
      saved: quick ? 10 : 1000,
      rounds: numbers(values.rounds, quick ? [2] : [15])[0],
    },
    binding: {
      statements: quick ? 20 : 2_000,
      rounds: numbers(values.rounds, quick ? [2] : [15])[0],
    },
    search: {
      rows: quick ? 2000 : 1_000_000,
      searches: quick ? 20 : 500,
      rounds: numbers(values.rounds, quick ? [2] : [15])[0],
    },
    bulk: {
      rows: numbers(values.rows, sizesOf(quick, full)),
      otherRows: numbers(values["other-rows"], quick ? [1000] : [200_000]),
      repeat: numbers(values.repeat, [quick ? 1 : full ? 3 : 2])[0],
      only: subjectNames.filter((name) => asked.includes(name.toLowerCase())),
      savedRows: values["no-saves"] ? 0 : quick ? 100 : 10_000,
    },
  }
}

function sizesOf(quick: boolean, full: boolean): readonly [number, ...number[]] {
  if (quick) return [1000]
  return full ? [100_000, 1_000_000, 3_000_000] : [100_000, 1_000_000]
}

function requirePart(name: string): Part {
  const part = parts.find((known) => known === name)
  if (part) return part
  throw new Error(`There is no part "${name}"; there are ${parts.join(", ")}.`)
}

function numbers(
  given: string | undefined,
  fallback: readonly [number, ...number[]],
): readonly [number, ...number[]] {
  if (given === undefined) return fallback
  const [first, ...rest] = given.split(",").map(Number)
  if (first !== undefined && [first, ...rest].every((n) => Number.isInteger(n) && n > 0)) {
    return [first, ...rest]
  }
  throw new Error(`"${given}" is no whole number above 0, nor a list of them.`)
}
