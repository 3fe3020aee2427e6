/**
 * Starts the credential vault of the examples: builds the package, installs the vault at its first use
 * and the package into it whenever that has changed, builds the vault, and runs it until it is stopped.
 */
import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const repository = dirname(dirname(fileURLToPath(import.meta.url)))
const vault = join(repository, "examples", "credential-vault")
const installed = join(vault, "node_modules")

function run(command, args, cwd) {
  const shell = process.platform === "win32"
  const stdio = ["ignore", args.includes("--json") ? "pipe" : "inherit", "inherit"]
  const { status, stdout, error } = spawnSync(command, args, {
    cwd,
    shell,
    stdio,
    encoding: "utf8",
  })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
  return stdout
}

const changedAt = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0)

function stateOfPackage() {
  const dist = join(repository, "dist")
  const hash = createHash("sha256").update(readFileSync(join(repository, "package.json")))
  for (const path of readdirSync(dist, { recursive: true }).sort()) {
    if (path.endsWith(".js")) hash.update(`${path}\0`).update(readFileSync(join(dist, path)))
  }
  return hash.digest("hex")
}

function installPackage() {
  const destination = mkdtempSync(join(tmpdir(), "typeorm-fernet-packed-"))
  try {
    const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", destination]
    const [{ filename }] = JSON.parse(run("npm", args, repository))
    const install = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]
    run("npm", [...install, join(destination, filename)], vault)
  } finally {
    rmSync(destination, { recursive: true, force: true })
  }
}

run("npm", ["run", "--silent", "build"], repository)
if (
  changedAt(join(vault, "package-lock.json")) > changedAt(join(installed, ".package-lock.json"))
) {
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], vault)
}
const stamp = join(installed, ".typeorm-fernet")
const state = stateOfPackage()
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== state) {
  installPackage()
  writeFileSync(stamp, state)
}
run("npm", ["run", "--silent", "build"], vault)

const started = spawn(process.execPath, ["built/main.js"], { cwd: vault, stdio: "inherit" })
// A terminal sends them to the vault as well, which ends when it has finished what is under way
process.on("SIGINT", () => undefined)
process.on("SIGTERM", () => started.kill("SIGTERM"))
started.on("exit", (code) => process.exit(code ?? 1))
