import { execFile } from "node:child_process"
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { createRequire } from "node:module"
import { basename, dirname, join } from "node:path"
import { promisify } from "node:util"
import { ModuleKind, ScriptTarget, transpileModule } from "typescript"

import { BUILD_PLACE } from "./build-place"
import { until } from "./until"

const repository = join(__dirname, "..", "..")

/** The versions of TypeORM, by the npm names they are installed under here. */
const typeorms = ["typeorm", "typeorm-0.3", "typeorm-0.3.17"]

/** What the program needs of this repository's node_modules beside TypeORM, and its user needs. */
const linked = ["commander", "tsx"]

/** What users' files are copied from: they import the package by its name. */
const copied = ["test/cli/clinic", "test/integration/cli/data-source.ts"]

const decorators = { experimentalDecorators: true, useDefineForClassFields: false }

/**
 * Returns a directory in which the package is installed as npm would, built from the sources of this
 * test run, next to a TypeORM, with the files of {@link copied} at the paths they have here, as
 * TypeScript and as JavaScript. The first worker that asks builds it, and the others wait.
 *
 * @param typeorm - the directory TypeORM is loaded from
 */
export async function installedPackage(typeorm: string): Promise<string> {
  const directory = process.env[BUILD_PLACE]
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
  await until(() => existsSync(join(directory, "ended")))
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
  // The types are checked by `npm run typecheck`, and take most of the time
  await promisify(execFile)(process.execPath, [compiler, ...project, "--noCheck"])
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
    compile(join(target, path))
  }
  const compilerOptions = { target: "es2022", ...decorators }
  writeFileSync(join(target, "tsconfig.json"), JSON.stringify({ compilerOptions }))
}

/** Puts JavaScript beside TypeScript: without a loader, a program starts in half the time. */
function compile(path: string): void {
  if (statSync(path).isDirectory()) {
    for (const name of readdirSync(path)) compile(join(path, name))
  } else if (path.endsWith(".ts")) {
    const compilerOptions = {
      ...decorators,
      target: ScriptTarget.ES2022,
      module: ModuleKind.CommonJS,
    }
    const { outputText } = transpileModule(readFileSync(path, "utf8"), { compilerOptions })
    writeFileSync(path.replace(/\.ts$/, ".js"), outputText)
  }
}
