import { basename } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from "@jest/globals"
import { DataSource, type DataSourceOptions } from "typeorm"
import { databaseNames, databasesAskedFor, type DatabaseName } from "./database-names"
import type { FreshDatabase, RawRow } from "./fresh-database"
import { freshMariaDb } from "./mariadb/fresh-mariadb"
import { freshPostgres } from "./postgres/fresh-postgres"
import { serverVariables } from "./servers"
import { freshSqlite } from "./sqlite/fresh-sqlite"

/** What a test adds to the connection's own options. */
export type ExtraOptions = Partial<Omit<DataSourceOptions, "type" | "database" | "url">>

/** A database of this test file's own. Usable inside hooks and tests, not while describing. */
export interface TestDatabase {
  readonly name: DatabaseName
  /** Options for a `DataSource` on this database; two of them share it. */
  options(extra?: ExtraOptions): DataSourceOptions
  /**
   * Opens a `DataSource`. One opened within a test is destroyed after that test, one opened in
   * `beforeAll` after the last. `prepare` is given the DataSource before it is initialized.
   */
  connect(extra?: ExtraOptions, prepare?: (dataSource: DataSource) => void): Promise<DataSource>
  /** Runs one statement through the driver, without TypeORM, and returns the rows as stored. */
  rawRows(sql: string, parameters?: readonly unknown[]): Promise<RawRow[]>
  /** Quotes an identifier for `rawRows`. */
  escape(identifier: string): string
  /** Drops every table. */
  dropAllTables(): Promise<void>
}

const creators: Record<DatabaseName, () => FreshDatabase | Promise<FreshDatabase>> = {
  PostgreSQL: () => freshPostgres(variable(serverVariables.postgresUrl)),
  MariaDB: () => freshMariaDb(variable(serverVariables.mariaDbUrl)),
  SQLite: freshSqlite,
}

/**
 * Declares the same tests for every database, each on a database of this file's own, which is
 * created before the first test and dropped after the last.
 */
export function eachDatabase(title: string, declare: (db: TestDatabase) => void): void {
  const asked = databasesAskedFor()
  const there = databaseNames.filter((name) => whySkipped(name, asked) === undefined)
  const only = process.env.PAIRWISE ? pairedWith(there) : undefined
  for (const name of databaseNames) {
    const paired = only === undefined || only === name ? undefined : `PAIRWISE has ${only}`
    const skipped = whySkipped(name, asked) ?? paired
    if (skipped === undefined) {
      describe(`${title} on ${name}`, () => {
        declareOn(name, declare)
      })
    } else {
      describe.skip(`${title} on ${name} (skipped: ${skipped})`, () => {
        declareOn(name, declare)
      })
    }
  }
}

declare const typeormAlias: string

/**
 * One of the databases for each test file and TypeORM, so that every file meets every TypeORM, and
 * every TypeORM every database. That every file meets every database is for the newest TypeORM.
 */
function pairedWith(there: readonly DatabaseName[]): DatabaseName | undefined {
  const pair = `${basename(expect.getState().testPath ?? "")} ${typeormAlias}`
  const sum = Array.from(pair).reduce((total, letter) => total + (letter.codePointAt(0) ?? 0), 0)
  return there[sum % there.length]
}

function whySkipped(
  name: DatabaseName,
  asked: ReadonlySet<DatabaseName> | undefined,
): string | undefined {
  if (asked && !asked.has(name)) return "not in DATABASES"
  return name === "MariaDB" ? process.env[serverVariables.mariaDbSkipped] : undefined
}

/** Our closing hooks are registered last, so that they run after those of the tests. */
function declareOn(name: DatabaseName, declare: (db: TestDatabase) => void): void {
  let fresh: FreshDatabase | undefined
  let open: DataSource[] = []
  let opened = open
  const created = () => {
    if (fresh) return fresh
    throw new Error(`${name} can be used inside hooks and tests only.`)
  }
  beforeAll(async () => {
    fresh = await creators[name]()
  })
  beforeEach(() => {
    opened = []
  })
  declare(testDatabase(name, created, (dataSource) => opened.push(dataSource)))
  afterEach(async () => {
    await destroyAll(opened)
    opened = open
  })
  afterAll(async () => {
    await destroyAll(open)
    open = []
    await fresh?.drop()
  })
}

function testDatabase(
  name: DatabaseName,
  fresh: () => FreshDatabase,
  onOpen: (dataSource: DataSource) => void,
): TestDatabase {
  // The options of one driver with any of the common ones: TypeORM's union cannot express it.
  const options = (extra?: ExtraOptions) =>
    ({ ...fresh().connection, ...extra }) as DataSourceOptions
  return {
    name,
    options,
    connect: async (extra, prepare) => {
      const dataSource = new DataSource(options(extra))
      prepare?.(dataSource)
      onOpen(dataSource)
      return dataSource.initialize()
    },
    rawRows: (sql, parameters) => fresh().query(sql, parameters),
    escape: (identifier) => fresh().escape(identifier),
    dropAllTables: () => fresh().clear(),
  }
}

async function destroyAll(dataSources: readonly DataSource[]): Promise<void> {
  for (const dataSource of dataSources) if (dataSource.isInitialized) await dataSource.destroy()
}

function variable(name: string): string {
  const value = process.env[name]
  if (value) return value
  throw new Error(`${name} is not set: run with jest --config jest.integration.config.cjs.`)
}
