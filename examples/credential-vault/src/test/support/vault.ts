import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

import { firstAdmin } from "../../database/seed.js"
import { atEnd } from "./at-end.js"
import { Client } from "./client.js"
import { freshDatabase, type TestDatabase } from "./database.js"

export const adminPassword = "the admin's own password"

const builtFolder = fileURLToPath(new URL("../../", import.meta.url))

/** A vault that runs as a process of its own, as users have it. */
export interface TestVault {
  readonly database: TestDatabase
  /** Where it keeps its keys. */
  readonly envFile: string
  /** Every line that it wrote, from its first start on. */
  readonly lines: readonly string[]
  /** Every answer that its clients were given, as text. */
  readonly answers: string[]
  readonly url: string
  client(): Client
  /** One that has signed in. */
  admin(): Promise<Client>
  /** A new member, who has signed in. */
  member(email: string): Promise<Client>
  /** Resolves at the first line that matches, among those to come and those that came. */
  line(pattern: RegExp): Promise<string>
  /** Ends it at once, as a power cut does. */
  kill(): Promise<void>
  stop(): Promise<void>
  start(env?: NodeJS.ProcessEnv): Promise<void>
}

/** Starts a vault on a database of its own. It ends with the test file. */
export async function startVault(env: NodeJS.ProcessEnv = {}): Promise<TestVault> {
  const vault = await makeVault(env)
  await vault.start()
  return vault
}

/** Makes one that is still to be started. */
export async function makeVault(env: NodeJS.ProcessEnv = {}): Promise<TestVault> {
  const folder = mkdtempSync(join(tmpdir(), "credential-vault-env-"))
  const database = await freshDatabase()
  const vault = new SpawnedVault(database, join(folder, ".env"), env)
  atEnd(async () => {
    await vault.kill()
    rmSync(folder, { recursive: true, force: true })
  })
  return vault
}

class SpawnedVault implements TestVault {
  readonly lines: string[] = []
  readonly answers: string[] = []
  #url = ""
  #child: ChildProcess | undefined
  readonly #waiting = new Set<(line: string) => void>()

  constructor(
    readonly database: TestDatabase,
    readonly envFile: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  get url(): string {
    return this.#url
  }

  async start(env: NodeJS.ProcessEnv = {}): Promise<void> {
    const child = spawn(process.execPath, [join(builtFolder, "main.js")], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        VAULT_ENV_FILE: this.envFile,
        DATABASE_URL: this.database.url,
        PORT: "0",
        ADMIN_PASSWORD: adminPassword,
        REQUESTS_PER_MINUTE: "1000000",
        SEED_CAMERAS: "0",
        ...this.env,
        ...env,
      },
    })
    this.#child = child
    const from = this.lines.length
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        this.lines.push(line)
        for (const tell of this.#waiting) tell(line)
      })
    }
    const ended = once(child, "exit").then(() => {
      throw new Error(`The vault did not start:\n${this.lines.slice(from).join("\n")}`)
    })
    const line = await Promise.race([this.#nextLine(/^The vault is at /, from), ended])
    ended.catch(() => undefined)
    this.#url = line.replace(/^The vault is at (.*)\.$/, "$1").replace("localhost", "127.0.0.1")
  }

  client(): Client {
    return new Client(() => this.#url, this.answers)
  }

  async admin(): Promise<Client> {
    const client = this.client()
    await client.signIn(firstAdmin, adminPassword)
    return client
  }

  async member(email: string): Promise<Client> {
    const admin = await this.admin()
    const password = `the password of ${email}`
    await admin.post("/api/users", { email, password }).then((answer) => answer.expect(201))
    const client = this.client()
    await client.signIn(email, password)
    return client
  }

  line(pattern: RegExp): Promise<string> {
    return this.#nextLine(pattern, 0)
  }

  #nextLine(pattern: RegExp, from: number): Promise<string> {
    const found = this.lines.slice(from).find((line) => pattern.test(line))
    if (found !== undefined) return Promise.resolve(found)
    return new Promise((resolve) => {
      const tell = (line: string) => {
        if (!pattern.test(line)) return
        this.#waiting.delete(tell)
        resolve(line)
      }
      this.#waiting.add(tell)
    })
  }

  kill(): Promise<void> {
    return this.#end("SIGKILL")
  }

  stop(): Promise<void> {
    return this.#end("SIGTERM")
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exit = once(child, "exit")
    child.kill(signal)
    await exit
  }
}
