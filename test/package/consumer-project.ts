import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

import { packedTarball } from "./packed-tarball"
import { repository, run } from "./run"

/** Where our own packages are. */
const installed = join(repository, "node_modules")

/** A project of a user: empty but for the tarball, and TypeORM linked in from our own packages. */
export interface ConsumerProject {
  readonly directory: string
  /** Uses another version of TypeORM, by the name under which it is installed here. */
  useTypeorm(alias: string): void
  /** Compiles the program with a compiler option changed, and returns what it prints. */
  run(compilerOptions: Readonly<Record<string, unknown>>): unknown
}

/** Installs the tarball into an empty project. */
export function createProject(directory: string, type: "commonjs" | "module"): ConsumerProject {
  mkdirSync(directory)
  writeJson(join(directory, "package.json"), { name: "consumer", private: true, type })
  // Peers are linked below: their native parts are built here already
  const quiet = ["--prefer-offline", "--legacy-peer-deps", "--no-audit", "--no-fund"]
  run("npm", ["install", ...quiet, packedTarball()], directory)
  for (const name of ["better-sqlite3", "reflect-metadata", "@types/node"]) {
    link(directory, name, name)
  }
  cpSync(join(__dirname, "consumer-program.ts"), join(directory, "main.ts"))
  return {
    directory,
    useTypeorm: (alias) => {
      link(directory, "typeorm", alias)
    },
    run: (compilerOptions) => {
      compile(directory, compilerOptions)
      return JSON.parse(run(process.execPath, ["out/main.js"], directory)) as unknown
    },
  }
}

function compile(directory: string, compilerOptions: Readonly<Record<string, unknown>>): void {
  writeJson(join(directory, "tsconfig.json"), {
    compilerOptions: {
      target: "es2022",
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      experimentalDecorators: true,
      useDefineForClassFields: false,
      types: ["node"],
      outDir: "out",
      ...compilerOptions,
    },
    files: ["main.ts"],
  })
  const compiler = join(installed, "typescript", "bin", "tsc")
  run(process.execPath, [compiler, "--project", "."], directory)
}

/** Links one of our own packages into a project. */
function link(directory: string, name: string, target: string): void {
  const path = join(directory, "node_modules", name)
  rmSync(path, { recursive: true, force: true })
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(join(installed, target), path, "junction")
}

function writeJson(path: string, content: unknown): void {
  writeFileSync(path, JSON.stringify(content, null, 2))
}
