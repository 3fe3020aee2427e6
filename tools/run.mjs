/**
 * Runs a program of one of the packages below this folder, or of bench, which are installed when they
 * are first needed: `node tools/run.mjs tools/site typedoc`. Without a program, it installs only.
 */
import { spawnSync } from "node:child_process"
import { existsSync, statSync } from "node:fs"
import { delimiter, dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const repository = dirname(dirname(fileURLToPath(import.meta.url)))

/** npm leaves a lockfile of its own in node_modules, as new as the last installation. */
function isInstalled(directory) {
  const installed = join(directory, "node_modules", ".package-lock.json")
  if (!existsSync(installed)) return false
  return statSync(installed).mtimeMs >= statSync(join(directory, "package-lock.json")).mtimeMs
}

function run(command, args, options) {
  const isWindows = process.platform === "win32"
  const { status, error } = spawnSync(command, args, { shell: isWindows, ...options })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

const [name, program, ...args] = process.argv.slice(2)
const directory = resolve(repository, name)
if (!isInstalled(directory)) {
  process.stderr.write(`Installing ${name}, once.\n`)
  // Its output is not that of the program
  run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: directory, stdio: ["ignore", 2, 2] })
}
if (program !== undefined) {
  const PATH = [join(directory, "node_modules", ".bin"), process.env.PATH].join(delimiter)
  run(program, args, { cwd: repository, stdio: "inherit", env: { ...process.env, PATH } })
}
