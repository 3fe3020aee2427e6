import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process"
import { EventEmitter, once } from "node:events"
import { join } from "node:path"
import type { Readable, Writable } from "node:stream"

import { afterAll } from "@jest/globals"

import type { BulkOptions, BulkReport } from "../../../src"
import type { TestDatabase } from "../../support/databases"
import type { Cell } from "./patients"

/** A child process of a test, which loads its modules and waits. */
export interface TestProcess<Result> {
  /** Lets it begin. Resolves when it is at work, or has ended. */
  begin(): Promise<void>
  /** Resolves when it has printed so many lines, one for each batch of a runner, or has ended. */
  printed(lines: number): Promise<void>
  /** Tells a writer to finish what it is at. */
  stop(): void
  /** What it printed in the end. */
  result(): Promise<Result>
  /** Ends it with SIGKILL and waits for that. Returns whether it died of it, without a result. */
  kill(): Promise<boolean>
}

/** Starts a bulk command on `patient`, see runner-process.ts. */
export function startRunner(
  db: TestDatabase,
  command: "decrypt" | "encrypt" | "rotate",
  options: BulkOptions = {},
): TestProcess<BulkReport> {
  return startProcess(join(__dirname, "runner-process.ts"), [
    command,
    ...connectionOf(db),
    JSON.stringify(options),
  ])
}

/** Starts an application that writes to `patient`, see writer-process.ts. */
export function startWriter(
  db: TestDatabase,
  ids: number,
  ...keys: readonly string[]
): TestProcess<Readonly<Record<string, string>>> {
  return startProcess(join(__dirname, "writer-process.ts"), [
    ...connectionOf(db),
    String(ids),
    ...keys,
  ])
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

/** Starts a program of the tests, which prints its result in JSON. */
export function startProcess<Result>(script: string, args: readonly string[]): TestProcess<Result> {
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(
    process.execPath,
    ["--import", "tsx", script, ...args],
    { stdio: ["pipe", "pipe", "inherit"] },
  )
  running.add(child)
  child.stdin.on("error", () => undefined)
  let output = ""
  let ended = false
  const news = new EventEmitter()
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text
    news.emit("more")
  })
  child.on("close", () => {
    ended = true
    running.delete(child)
    news.emit("more")
  })
  const when = async (isSo: () => boolean): Promise<void> => {
    while (!ended && !isSo()) await once(news, "more")
  }
  const printed = (lines: number): Promise<void> => when(() => output.split("\n").length > lines)
  return {
    begin: () => {
      child.stdin.write("\n")
      return printed(1)
    },
    printed,
    stop: () => child.stdin.end(),
    result: async () => {
      await when(() => false)
      return JSON.parse(output) as Result
    },
    kill: async () => {
      child.kill("SIGKILL")
      await when(() => false)
      return child.signalCode === "SIGKILL" && output.trim() === ""
    },
  }
}

const running = new Set<ChildProcess>()

/** What a failed test left running would keep Jest from ending. */
afterAll(() => {
  for (const child of running) child.kill("SIGKILL")
})
