import { execFile } from "node:child_process"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"

const repository = join(__dirname, "..", "..")
const DIRECTORY = "BUILT_PACKAGE"
const LONGEST_BUILD_MS = 120_000

/** The versions of TypeORM, by the npm names they are installed under here. */
const typeorms = ["typeorm", "typeorm-0.3", "typeorm-0.3.17"]

/** What the program needs of this repository's node_modules beside TypeORM, and its user needs. */
const linked = ["cli-progress", "commander", "tsx"]

/** What users' files are copied from: they import the package by its name. */
const copied = ["test/cli/clinic", "test/integration/cli/data-source.ts"]

/** Before the workers of a test run start: reserves a place for what the first of them builds. */
export function reserveBuild(): void {
  process.env[DIRECTORY] ??= mkdtempSync(join(tmpdir(), "typeorm-fernet-built-"))
}

/** After a test run: removes what was built. */
export function removeBuild(): void {
  const directory = process.env[DIRECTORY]
  if (directory) rmSync(directory, { recursive: true, force: true })
}

/**
 * Returns a directory in which the package is installed as npm would, built from the sources of this
 * test run, next to a TypeORM, with the files of {@link copied} at the paths they have here. The
 * first worker that asks builds it, and the others wait.
 *
 * @param typeorm - the directory TypeORM is loaded from
 */
export async function installedPackage(typeorm: string): Promise<string> {
  const directory = process.env[DIRECTORY]
  if (!directory)
    throw new Error("Run the tests by one of the Jest configurations in this repository.")
  if (isFirst(join(directory, "begun"))) {
    try {
      await build(directory)
    } catch (error) {
      writeFileSync(join(directory, "failed"), String(error))
    }
    writeFileSync(join(directory, "ended"), "")
  }
  const ended = performance.now() + LONGEST_BUILD_MS
  while (!existsSync(join(directory, "ended"))) {
    if (performance.now() > ended)
      throw new Error("The worker that builds the package takes too long.")
    await sleep(50)
  }
  if (existsSync(join(directory, "failed")))
    throw new Error("The package does not build: npm run build.")
  return join(directory, basename(typeorm))
}

/** Whether no other worker has made this directory. */
function isFirst(path: string): boolean {
  try {
    mkdirSync(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false
    throw error
  }
}

async function build(directory: string): Promise<void> {
  const dist = join(directory, "dist")
  const compiler = createRequire(__filename).resolve("typescript/bin/tsc")
  const project = ["-p", join(repository, "tsconfig.build.json"), "--outDir", dist]
  await promisify(execFile)(process.execPath, [compiler, ...project])
  for (const typeorm of typeorms) install(join(directory, typeorm), dist, typeorm)
}

function install(target: string, dist: string, typeorm: string): void {
  const modules = join(target, "node_modules")
  const own = join(modules, "typeorm-fernet")
  cpSync(dist, join(own, "dist"), { recursive: true })
  cpSync(join(repository, "package.json"), join(own, "package.json"))
  const link = (from: string, to: string): void => {
    symlinkSync(join(repository, "node_modules", from), join(modules, to), "junction")
  }
  link(typeorm, "typeorm")
  for (const name of linked) link(name, name)
  for (const path of copied) {
    mkdirSync(dirname(join(target, path)), { recursive: true })
    cpSync(join(repository, path), join(target, path), { recursive: true })
  }
  const compilerOptions = {
    target: "es2022",
    experimentalDecorators: true,
    useDefineForClassFields: false,
  }
  writeFileSync(join(target, "tsconfig.json"), JSON.stringify({ compilerOptions }))
}
