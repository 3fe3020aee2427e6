import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

const repository = join(__dirname, "..", "..")
/** Where our own packages are. */
export const installed: string = join(repository, "node_modules")

/** A project of a user: empty but for the tarball, and TypeORM linked in from our own packages. */
export interface ConsumerProject {
  readonly directory: string
  /** Uses another version of TypeORM, by the name under which it is installed here. */
  useTypeorm(alias: string): void
  /** Compiles the program with a compiler option changed, and returns what it prints. */
  run(compilerOptions: Readonly<Record<string, unknown>>): unknown
}

/** Runs `npm pack` on this package and returns the path of the tarball. */
export function packTarball(destination: string): string {
  const [packed] = JSON.parse(
    run("npm", ["pack", "--json", "--pack-destination", destination], repository),
  ) as [{ readonly filename: string }]
  return join(destination, packed.filename)
}

/** Installs the tarball into an empty project. */
export function createProject(
  directory: string,
  tarball: string,
  type: "commonjs" | "module",
): ConsumerProject {
  mkdirSync(directory)
  writeJson(join(directory, "package.json"), { name: "consumer", private: true, type })
  // Peers are linked below: their native parts are built here already
  const quiet = ["--prefer-offline", "--legacy-peer-deps", "--no-audit", "--no-fund"]
  run("npm", ["install", ...quiet, tarball], directory)
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

/** Runs a program to its end and returns what it writes to stdout; throws with its output. */
export function run(command: string, args: readonly string[], cwd: string): string {
  const { error, status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" })
  if (error) throw error
  if (status === 0) return stdout
  throw new Error(`${command} ${args.join(" ")} ended with ${status}:\n${stdout}${stderr}`)
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
export function link(directory: string, name: string, target: string): void {
  const path = join(directory, "node_modules", name)
  rmSync(path, { recursive: true, force: true })
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(join(installed, target), path, "junction")
}

function writeJson(path: string, content: unknown): void {
  writeFileSync(path, JSON.stringify(content, null, 2))
}
