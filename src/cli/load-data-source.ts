import { createRequire } from "node:module"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"

import type { DataSource } from "typeorm"

import { describeError } from "./describe-error"
import { UsageError } from "./exit-code"

/**
 * Loads the DataSource that a file exports, as TypeORM's own commands do: the file exports exactly
 * one, or a promise of one. TypeScript is read by the loader that the user runs this program with.
 *
 * @param path - relative to the working directory; its extension may be left out
 * @throws {@link UsageError} if there is no such file, or not exactly one DataSource in it
 */
export async function loadDataSource(path: string): Promise<DataSource> {
  keepStdoutClean()
  const exported = await loadFile(path)
  const found = await dataSourcesAmong(exported)
  const [dataSource] = found
  if (dataSource && found.size === 1) return dataSource
  throw new UsageError(
    `${path} exports ${found.size === 0 ? "no DataSource" : `${found.size} DataSources`}; ` +
      "export exactly one.",
  )
}

/** Standard output is for results. Some libraries greet there when they are loaded. */
function keepStdoutClean(): void {
  console.log = console.info = console.debug = console.error
}

/** Modules of either kind; hooks of loaders for TypeScript see both ways. */
async function loadFile(path: string): Promise<unknown> {
  const require = createRequire(resolve("data-source"))
  const file = resolveFile(require, path)
  try {
    return await loadResolved(require, file)
  } catch (error) {
    throw error instanceof SyntaxError ? unreadable(error, file) : error
  }
}

async function loadResolved(require: NodeJS.Require, file: string): Promise<unknown> {
  if (/\.m[jt]s$/.test(file)) return import(pathToFileURL(file).href)
  try {
    return require(file)
  } catch (error) {
    if (!isEsModuleRefusal(error)) throw error
    return import(pathToFileURL(file).href)
  }
}

function resolveFile(require: NodeJS.Require, path: string): string {
  try {
    return require.resolve(resolve(path))
  } catch (error) {
    throw new UsageError(`There is no file ${path}.`, { cause: error })
  }
}

function isEsModuleRefusal(error: unknown): boolean {
  // node:module throws nothing else with these codes
  const { code } = error as NodeJS.ErrnoException
  return code === "ERR_REQUIRE_ESM" || code === "ERR_REQUIRE_ASYNC_MODULE"
}

function unreadable(error: SyntaxError, file: string): UsageError {
  const hint = /\.[cm]?ts$/.test(file)
    ? " For TypeScript run this program with a loader: npx tsx node_modules/.bin/typeorm-fernet …"
    : ""
  return new UsageError(`${file} could not be read: ${describeError(error).message}.${hint}`, {
    cause: error,
  })
}

async function dataSourcesAmong(exported: unknown): Promise<ReadonlySet<DataSource>> {
  const found = new Set<DataSource>()
  if (typeof exported !== "object" || exported === null) return found
  const values: readonly unknown[] = Object.values(exported)
  for (const candidate of [exported, ...values]) {
    const value = await candidate
    if (isDataSource(value)) found.add(value)
  }
  return found
}

/** By the mark TypeORM puts on it, since the file may load another copy of TypeORM. */
function isDataSource(value: unknown): value is DataSource {
  if (typeof value !== "object" || value === null) return false
  return (value as { "@instanceof"?: unknown })["@instanceof"] === Symbol.for("DataSource")
}
