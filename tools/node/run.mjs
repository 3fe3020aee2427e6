/**
 * Runs the unit tests, the first steps of a new user and a bounded soak under other versions of
 * Node.js: `npm run test:node` under 20, 22 and 24, `npm run test:node -- 22 24` under some of them.
 *
 * npm has binaries of every version, with their headers. They are kept in a cache outside the tree,
 * and so is better-sqlite3, which is bound to one ABI: a copy for each, which redirect-addon.cjs puts
 * in place of the one in node_modules. Remove the cache, whose folder is printed, to have newer ones.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

import { pack } from "../pack.mjs"

const VERSIONS = ["20", "22", "24"]
const SOAK_VALUES = "1000000"

/**
 * From 24.19 the headers have every ObjectWrap remove a hook when it is collected, which aborts the
 * process under better-sqlite3 12. Those of 24.11 are of the same ABI.
 */
const HEADERS = { 24: "24.11.0" }

const here = dirname(fileURLToPath(import.meta.url))
const repository = join(here, "..", "..")
const isWindows = process.platform === "win32"
const cache = join(
  process.env.XDG_CACHE_HOME || join(homedir(), ".cache"),
  "typeorm-fernet",
  `${process.platform}-${process.arch}`,
)

function run(command, args, options) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit", ...options })
  if (error) throw error
  return status === 0
}

/** Installs packages once, in a folder of the cache. Their install scripts run if they are named. */
function install(name, dependencies, { scripts = [], env = {} } = {}) {
  const directory = join(cache, name)
  const done = join(directory, "installed")
  if (existsSync(done)) return directory
  process.stdout.write(`Installing ${name} in ${cache}, once.\n`)
  mkdirSync(directory, { recursive: true })
  const allowScripts = Object.fromEntries(scripts.map((one) => [one, true]))
  const manifest = { private: true, dependencies, allowScripts }
  writeFileSync(join(directory, "package.json"), JSON.stringify(manifest))
  const flags = ["--no-audit", "--no-fund", ...(scripts.length > 0 ? [] : ["--ignore-scripts"])]
  const options = { cwd: directory, env: { ...process.env, ...env }, shell: isWindows }
  if (!run("npm", ["install", ...flags], options)) throw new Error(`${name} does not install.`)
  writeFileSync(done, "")
  return directory
}

/** The package of npm's `node` with the binary of this platform, which `node` itself installs. */
function nodePackage() {
  const system = isWindows ? "win" : process.platform
  const isAppleSilicon = system === "darwin" && process.arch === "arm64"
  return `${isAppleSilicon ? "node-bin" : "node"}-${system}-${process.arch}`
}

function nodeOf(version) {
  const name = nodePackage()
  const root = join(install(`node-${version}`, { [name]: version }), "node_modules", name)
  return { root, binary: join(root, "bin", isWindows ? "node.exe" : "node") }
}

/** better-sqlite3 of the version in use here, for the ABI of another Node.js. */
function addonOf(major, { binary }) {
  const { root } = nodeOf(HEADERS[major] ?? major)
  const manifest = join(repository, "node_modules", "better-sqlite3", "package.json")
  const { version } = JSON.parse(readFileSync(manifest, "utf8"))
  const directory = install(
    `better-sqlite3-${version}-node-${major}`,
    { "better-sqlite3": version },
    {
      scripts: ["better-sqlite3"],
      // It is downloaded or built for the Node.js that runs npm, with headers of its ABI
      env: { PATH: [dirname(binary), process.env.PATH].join(delimiter), npm_config_nodedir: root },
    },
  )
  const built = ["node_modules", "better-sqlite3", "build", "Release", "better_sqlite3.node"]
  return join(directory, ...built)
}

function testUnder(major, tarball) {
  const node = nodeOf(major)
  const env = {
    ...process.env,
    PATH: [dirname(node.binary), process.env.PATH].join(delimiter),
    BETTER_SQLITE3_ADDON: addonOf(major, node),
    PACKED_TARBALL: tarball,
    NODE_OPTIONS: `--require ${JSON.stringify(join(here, "redirect-addon.cjs"))}`,
  }
  const program = (...args) => run(node.binary, args, { cwd: repository, env })
  process.stdout.write(`\n=== Node.js ${major}\n`)
  program("--version")
  const jest = join("node_modules", "jest", "bin", "jest.js")
  const outcomes = [
    program(jest),
    program(jest, "--config", "jest.package.config.cjs", "first-steps"),
    program("--import", "tsx", "test/soak/main.ts", "--values", SOAK_VALUES),
  ]
  return outcomes.every((passed) => passed)
}

const asked = process.argv.slice(2)
const unknown = asked.filter((major) => !/^\d+$/.test(major))
if (unknown.length > 0) throw new Error(`${unknown.join(", ")}: give major versions, as in 22 24.`)
const destination = mkdtempSync(join(tmpdir(), "typeorm-fernet-packed-"))
let failed
try {
  const tarball = pack(destination)
  failed = (asked.length > 0 ? asked : VERSIONS).filter((major) => !testUnder(major, tarball))
} finally {
  rmSync(destination, { recursive: true, force: true })
}
if (failed.length > 0) {
  process.stderr.write(`\nFailed under Node.js ${failed.join(", ")}.\n`)
  process.exitCode = 1
}
