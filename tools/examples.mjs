/**
 * Tests the examples that are packages of their own: folders of examples with a package.json, a lock
 * file and a script named test. The package is packed and installed into each, as users have it.
 *
 * An example is skipped, and said to be, while neither its files nor the types of the package have
 * changed since it passed here; `npm run test:examples -- --all` skips none.
 */
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs"
import { writeFileSync } from "node:fs"
import { homedir, tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"

import { pack } from "./pack.mjs"

const repository = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = join(repository, "examples")
/** What installing, building and running an example leaves in it. */
const leftovers = /[\\/](?:node_modules|built|\.vault|\.env)(?:[\\/]|$)/
const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache")
const passedBefore = join(cache, "typeorm-fernet", "examples")

function run(command, args, cwd) {
  const shell = process.platform === "win32"
  const { status, error } = spawnSync(command, args, {
    cwd,
    shell,
    stdio: ["ignore", "inherit", "inherit"],
  })
  if (error) throw error
  return status === 0
}

function filesBelow(directory, chosen = () => true) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !leftovers.test(relative(repository, path)) && chosen(path))
    .sort()
}

/** Says whether two states of an example, the package's types and its subpath for Nest are the same. */
function stateOf(example) {
  const hash = createHash("sha256").update(process.version)
  const types = filesBelow(join(repository, "dist"), (path) => path.endsWith(".d.ts"))
  // An example is where this is run with Nest
  const nestjs = filesBelow(join(repository, "dist", "nestjs"), (path) => path.endsWith(".js"))
  for (const path of [...types, ...nestjs, ...filesBelow(example)]) {
    hash
      .update(`${relative(repository, path)}\0`)
      .update(readFileSync(path))
      .update("\0")
  }
  return hash.digest("hex")
}

/** A copy, so that nothing is left in the tree, and nothing is found in node_modules above it. */
function passes(name, tarball) {
  const directory = mkdtempSync(join(tmpdir(), `typeorm-fernet-${name}-`))
  try {
    cpSync(join(folder, name), directory, {
      recursive: true,
      filter: (path) => !leftovers.test(relative(repository, path)),
    })
    const steps = [
      ["ci", "--no-audit", "--no-fund"],
      ["install", "--no-save", "--no-audit", "--no-fund", tarball],
      ["test"],
    ]
    return steps.every((args) => run("npm", args, directory))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const all = process.argv.includes("--all")
const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, "package.json")))
if (names.length === 0) process.stdout.write("No example is a package of its own.\n")
const destination = mkdtempSync(join(tmpdir(), "typeorm-fernet-packed-"))
try {
  const tarball = names.length > 0 ? pack(destination) : ""
  for (const name of names) {
    const passed = join(passedBefore, `${name}-${stateOf(join(folder, name))}`)
    if (!all && existsSync(passed)) {
      process.stdout.write(`examples/${name}: SKIPPED, neither it nor the types have changed.\n`)
    } else if (passes(name, tarball)) {
      mkdirSync(passedBefore, { recursive: true })
      writeFileSync(passed, "")
      process.stdout.write(`examples/${name}: passed.\n`)
    } else {
      process.stderr.write(`examples/${name}: FAILED.\n`)
      process.exitCode = 1
    }
  }
} finally {
  rmSync(destination, { recursive: true, force: true })
}
