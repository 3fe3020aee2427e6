import { spawn, type ChildProcessByStdio } from "node:child_process"
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Readable, Writable } from "node:stream"
import { text } from "node:stream/consumers"
import { setTimeout as sleep } from "node:timers/promises"
import { askServer, askVersion } from "./ask-server"
import { PostgresUnavailableError, type PostgresServer } from "./postgres-server"
import { serverAccount, type ServerAccount } from "./server-account"
import { runnableBinaries, type ServerBinaries } from "./server-binaries"

type Watchdog = ChildProcessByStdio<Writable, Readable, Readable>

const attempts = 3
/** Ends what hangs; a server that fails to start ends by itself. */
const startTimeoutMs = 300_000

/**
 * Starts a PostgreSQL of our own from its binaries, in a temporary directory, on a free port of
 * 127.0.0.1 only, where every local user may connect without a password. It ends with this
 * process, however this process ends.
 *
 * @param durable whether commits reach the disk; without, tests run faster
 * @throws {PostgresUnavailableError} if the server does not start; the message holds its log
 */
export function startOwnServer(
  binaries: ServerBinaries,
  durable: boolean,
): Promise<Omit<PostgresServer, "kind">> {
  return start(binaries, { durable })
}

/**
 * Starts a hot standby of a server that {@link startOwnServer} started, on a copy of its files, which
 * nobody is to write meanwhile.
 *
 * @throws {PostgresUnavailableError} as {@link startOwnServer} does
 */
export async function startStandbyOf(
  binaries: ServerBinaries,
  primary: Pick<PostgresServer, "url">,
): Promise<Omit<PostgresServer, "kind">> {
  await askServer(primary.url, "CHECKPOINT", startTimeoutMs)
  const data = await askServer(primary.url, "SHOW data_directory", startTimeoutMs)
  return start(binaries, { durable: false, primary: { url: primary.url, data } })
}

/** How a server begins. */
interface Beginning {
  readonly durable: boolean
  /** Whose files it begins with, and follows; otherwise it begins with none. */
  readonly primary?: { readonly url: string; readonly data: string }
}

async function start(
  binaries: ServerBinaries,
  beginning: Beginning,
): Promise<Omit<PostgresServer, "kind">> {
  const account = serverAccount()
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(binaries, account, beginning)
    } catch (error) {
      const portTaken = error instanceof Error && error.message.includes("could not bind")
      if (!portTaken || attempt === attempts) throw error
    }
  }
}

async function startOnce(
  binaries: ServerBinaries,
  account: ServerAccount,
  { durable, primary }: Beginning,
): Promise<Omit<PostgresServer, "kind">> {
  const directory = join(tmpdir(), `typeorm-fernet-postgres-${randomUUID()}`)
  const watchdog = await startWatchdog(directory, account)
  const complaint = text(watchdog.stderr)
  const stop = () => stopWatchdog(watchdog)
  try {
    const root = runnableBinaries(binaries, account, join(directory, "native"))
    const port = await freePort()
    const data = join(directory, "data")
    const files = primary ? copy(primary.data, data) : [initdb(root, data, durable)]
    const server = postgres(root, data, port, durable)
    if (primary) server.push("-c", `primary_conninfo=${conninfo(primary.url)}`)
    const commands = [...files, server]
    watchdog.stdin.write(`${JSON.stringify({ commands })}\n`)
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`
    await untilAnswering(url, data, watchdog, complaint)
    return { url, version: await askVersion(url, startTimeoutMs), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startWatchdog(directory: string, account: ServerAccount): Promise<Watchdog> {
  const owner = account.uid === undefined ? [] : [String(account.uid), String(account.gid)]
  const watchdog = spawn(process.execPath, [join(__dirname, "watchdog.cjs"), directory, ...owner], {
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    cwd: "/",
    env: serverEnvironment(),
  })
  // A watchdog that died says so by its exit; a broken pipe on top of it says nothing new.
  watchdog.stdin.on("error", () => undefined)
  const [ready] = (await Promise.race([once(watchdog.stdout, "data"), once(watchdog, "exit")])) as [
    unknown,
  ]
  if (!(ready instanceof Buffer)) {
    throw new PostgresUnavailableError(`Cannot write to ${tmpdir()}: set TMPDIR.`)
  }
  letProcessEnd(watchdog)
  return watchdog
}

/** Our process may end without stop(): the pipe closes with it, and the watchdog tidies up. */
function letProcessEnd(watchdog: Watchdog): void {
  watchdog.unref()
  for (const stream of [watchdog.stdin, watchdog.stdout, watchdog.stderr]) {
    ;(stream as unknown as { unref(): void }).unref()
  }
}

/** The host's locale, preloads and PG* variables must not reach the server. */
function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" }
}

function initdb(root: string, data: string, durable: boolean): string[] {
  const file = join(root, "bin", "initdb")
  const args = ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]
  return [file, ...args, "--no-instructions", ...(durable ? [] : ["--no-sync"])]
}

function copy(from: string, to: string): string[][] {
  return [
    ["cp", "-R", from, to],
    ["rm", "-f", join(to, "postmaster.pid")],
    ["touch", join(to, "standby.signal")],
  ]
}

function conninfo(url: string): string {
  const { hostname, port, username } = new URL(url)
  return `host=${hostname} port=${port} user=${username}`
}

function postgres(root: string, data: string, port: number, durable: boolean): string[] {
  const settings = [
    "listen_addresses=127.0.0.1",
    `port=${port}`,
    "unix_socket_directories=",
    "logging_collector=off",
    ...(durable ? [] : ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]),
  ]
  return [join(root, "bin", "postgres"), "-D", data, ...settings.flatMap((s) => ["-c", s])]
}

/** Waits until our server answers; another one on the same port has another data directory. */
async function untilAnswering(
  url: string,
  data: string,
  watchdog: Watchdog,
  complaint: Promise<string>,
): Promise<void> {
  const deadline = Date.now() + startTimeoutMs
  while (watchdog.exitCode === null && watchdog.signalCode === null) {
    const answer = await askServer(url, "SHOW data_directory", 10_000).catch(() => undefined)
    if (answer === data) return
    if (Date.now() > deadline) {
      throw new PostgresUnavailableError(
        `PostgreSQL did not answer in ${startTimeoutMs / 1_000} s.`,
      )
    }
    await sleep(25)
  }
  throw new PostgresUnavailableError(`PostgreSQL did not start:\n${(await complaint).trim()}`)
}

async function stopWatchdog(watchdog: Watchdog): Promise<void> {
  if (watchdog.exitCode !== null || watchdog.signalCode !== null) return
  watchdog.ref()
  const exit = once(watchdog, "exit")
  watchdog.stdin.end()
  await exit
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}
