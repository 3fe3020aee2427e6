import { spawn, type ChildProcessByStdio } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import type { Readable, Writable } from "node:stream"
import { text } from "node:stream/consumers"

import type { BulkOptions, BulkReport } from "../../../src"
import type { TestDatabase } from "../../support/databases"
import type { Cell } from "./patients"

/** A child process of a test, which loads its modules and waits. */
export interface TestProcess<Result> {
  /** Lets it begin. Resolves when it is at work, or has ended. */
  begin(): Promise<unknown>
  isRunning(): boolean
  /** What it printed in the end. */
  result(): Promise<Result>
  /** Ends it with SIGKILL and waits for that. */
  kill(): Promise<void>
}

/** Starts a bulk command on `patient`, see runner-process.ts. */
export function startRunner(
  db: TestDatabase,
  command: "decrypt" | "encrypt" | "rotate",
  options: BulkOptions = {},
): TestProcess<BulkReport> {
  return start("runner-process.ts", [command, ...connectionOf(db), JSON.stringify(options)])
}

/** Starts an application that writes to `patient`, see writer-process.ts. */
export function startWriter(
  db: TestDatabase,
  milliseconds: number,
  ids: number,
  ...keys: readonly string[]
): TestProcess<Readonly<Record<string, string>>> {
  const numbers = [milliseconds, ids].map(String)
  return start("writer-process.ts", [...connectionOf(db), ...numbers, ...keys])
}

/** Creates `patient` with ids from 1 and values as the writer expects them. */
export async function createValues(
  db: TestDatabase,
  ids: number,
  cellOf: (value: string) => Cell = (value) => value,
): Promise<void> {
  await db.dropAllTables()
  await db.rawRows("CREATE TABLE patient (id int PRIMARY KEY, ssn text, note text)")
  const rows = Array.from({ length: ids }, (_, i) => {
    return `(${i + 1}, '${cellOf(`value ${i + 1}`) ?? ""}', NULL)`
  })
  await db.rawRows(`INSERT INTO patient VALUES ${rows.join(", ")}`)
}

function connectionOf(db: TestDatabase): readonly [type: string, url: string] {
  const { type, url = "" } = db.options() as { type: string; url?: string }
  return [type, url]
}

function start<Result>(script: string, args: readonly string[]): TestProcess<Result> {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(
    process.execPath,
    ["--import", "tsx", join(__dirname, script), ...args],
    { stdio: ["pipe", "pipe", "inherit"] },
  )
  child.stdin.on("error", () => undefined)
  const exit = once(child, "exit")
  const output = text(child.stdout)
  return {
    begin: () => {
      child.stdin.end("\n")
      return Promise.race([once(child.stdout, "data"), exit])
    },
    isRunning: () => child.exitCode === null && child.signalCode === null,
    result: async () => JSON.parse(await output) as Result,
    kill: async () => {
      child.kill("SIGKILL")
      await exit
    },
  }
}
