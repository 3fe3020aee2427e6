import type { DataSourceOptions } from "typeorm"

/** A row as its driver hands it over. */
export type RawRow = Record<string, unknown>

/** A database of a test file's own on one server, reached without TypeORM. */
export interface FreshDatabase {
  /** What TypeORM needs to connect to it. */
  readonly connection: DataSourceOptions
  /** Runs one statement through the driver and returns the rows as they are stored. */
  query(sql: string, parameters?: readonly unknown[]): Promise<RawRow[]>
  /** Quotes an identifier. */
  escape(identifier: string): string
  /** Drops every table. */
  clear(): Promise<void>
  /** Drops the database, whoever is still connected. */
  drop(): Promise<void>
}
