import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { until } from "../../support/until"

let temporary: string

beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), "typeorm-fernet-killed-"))
  chmodSync(temporary, 0o755)
})

afterAll(() => {
  rmSync(temporary, { recursive: true })
})

/** A process of its own that starts a server below `temporary`, prints its URL, and waits. */
function startParent(): ChildProcess & { readonly stdout: Readable } {
  const script = join(__dirname, "start-and-wait.ts")
  return spawn(process.execPath, ["--import", "tsx", script], {
    env: { ...process.env, TEST_DB: "embedded", TMPDIR: temporary },
    stdio: ["ignore", "pipe", "inherit"],
  })
}

/** The postmaster, by the first line of the file it keeps in its data directory. */
function serverPid(): number {
  const [directory = ""] = serverDirectories()
  return parseInt(readFileSync(join(temporary, directory, "data", "postmaster.pid"), "utf8"))
}

function serverDirectories(): string[] {
  return readdirSync(temporary).filter((name) => name.startsWith("typeorm-fernet-postgres-"))
}

/** What is left below `temporary`, but for what tsx keeps of compiled files. */
function remains(): string[] {
  return readdirSync(temporary).filter((name) => !name.startsWith("tsx-"))
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH"
  }
}

describe("a server whose parent process dies without stop()", () => {
  test.each(["SIGKILL", "SIGTERM", "SIGINT"] as const)("is gone after %s", async (signal) => {
    const parent = startParent()
    await once(parent.stdout, "data")
    const pid = serverPid()

    parent.kill(signal)

    await until(() => !isRunning(pid) && serverDirectories().length === 0)
    expect(remains()).toEqual([])
  })

  test("is gone when the parent is killed while the server starts", async () => {
    const parent = startParent()
    await until(() => serverDirectories().length === 1)

    parent.kill("SIGKILL")

    await until(() => serverDirectories().length === 0)
    expect(remains()).toEqual([])
  })
})
