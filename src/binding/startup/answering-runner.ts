import type { DataSource, ObjectLiteral, QueryRunner } from "typeorm"

import { ANSWERING, CANARY_TOKEN } from "../canary-value"
import type { ColumnMetadata } from "../typeorm-internals"

/** Answers a statement with the rows it is to yield. */
export type Answer = (sql: string) => readonly ObjectLiteral[]

/** Tells nobody: what the application does about entities is none of the canary's business. */
const silence: unknown = new Proxy({}, { get: () => () => undefined })

/** A query runner that never connects: statements are answered, and never sent. */
export function answeringRunner(dataSource: DataSource, answer: Answer): QueryRunner {
  const { driver, manager } = dataSource
  const runner = Object.create(driver.createQueryRunner("master")) as QueryRunner
  const query = (sql: string, _parameters?: unknown, isStructured = false): Promise<unknown> => {
    const records = answer(sql)
    return Promise.resolve(isStructured ? { raw: records, records, affected: 1 } : records)
  }
  ANSWERING.add(runner)
  return Object.defineProperties(runner, {
    query: { value: query },
    broadcaster: { value: silence },
    manager: { value: manager, writable: true },
  })
}

/**
 * The row of a SELECT by its aliases, which the statement itself gives: long ones are shortened.
 *
 * @param cell - what the encrypted columns hold
 * @param other - what all others hold
 */
export function rowFor(
  { driver }: DataSource,
  sql: string,
  columns: readonly ColumnMetadata[],
  {
    cell = CANARY_TOKEN,
    other = 1,
  }: { readonly cell?: string | null; readonly other?: number } = {},
): ObjectLiteral {
  const isEncrypted = (name: string): boolean =>
    columns.some(({ databaseName }) => driver.escape(databaseName) === name)
  const row: ObjectLiteral = {}
  const [quote = '"'] = driver.escape("canary")
  const quoted = `${quote}((?:[^${quote}]|${quote}${quote})*)${quote}`
  const selection = new RegExp(`(${quoted}) AS ${quoted}`, "g")
  for (const [, name = "", , alias = ""] of sql.matchAll(selection)) {
    row[alias.replaceAll(quote + quote, quote)] = isEncrypted(name) ? cell : other
  }
  return row
}
