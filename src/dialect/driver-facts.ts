import type { OpenConnection, ColumnTarget, TypeChange } from "./conversions/conversion"
import { findLeftBeside } from "./conversions/mysql-beside"
import { planMysql, strictSession } from "./conversions/mysql-plan"
import { planPostgres } from "./conversions/postgres-plan"
import { planSqlite } from "./conversions/sqlite-plan"
import { postgresList, sqliteList, type TextList } from "./long-list"
import { postgresSchema } from "./postgres/schema"
import type { SchemaDialect } from "./schema-dialect"
import {
  type LeafCondition,
  mysqlLeaf,
  mysqlToken,
  postgresLeaf,
  postgresToken,
  sqliteLeaf,
  sqliteToken,
  type TokenCondition,
} from "./token-condition"

/** Which SQL a text is in, as far as its tokens differ. */
export type SqlSyntax = "mysql" | "postgres" | "sqlite"

/** Statements that make a session strict for those between them, and give it its modes back. */
export interface StrictSession {
  readonly begin: string
  readonly end: string
}

/** What is known of a database by its TypeORM driver, before there is a connection to ask. */
export interface DriverFacts {
  readonly syntax: SqlSyntax
  /** Whether an index may be over some rows of a table only. */
  readonly hasPartialIndexes: boolean
  /** Says whether a text is to be taken for a token; `undefined` where that was never tried. */
  readonly isToken?: TokenCondition
  /** Says whether a document may have tokens in it; `undefined` where that was never tried. */
  readonly hasTokens?: LeafCondition
  /** Whether texts must be compared as bytes, as collations count different ones as equal. */
  readonly castsToBytes?: boolean
  /** How a list of many texts is sent; `undefined` where a statement holds any number of parameters. */
  readonly longList?: TextList
  /** The ASCII characters that types hold without a length; any number unless listed. */
  readonly textLimits?: Readonly<Record<string, number>>
  /**
   * Returns the constraint of an encrypted column for the model, where TypeORM manages constraints:
   * what it does not find there it drops.
   */
  readonly modelConstraint?: SchemaDialect["constraint"]
  /** Says of such a constraint whether a table has it; `undefined` where that was never tried. */
  readonly modelConstraintState?: SchemaDialect["constraintState"]
  /** Plans how columns of a model get other types; `undefined` if TypeORM would empty them. */
  readonly planTypes?: (
    open: OpenConnection,
    path: string,
    targets: readonly ColumnTarget[],
  ) => Promise<TypeChange>
  /**
   * Finds what a change of types that was killed left in a database, and returns the statements that
   * drop it; `undefined` where such a change is undone by the database.
   */
  readonly findLeftBeside?: typeof findLeftBeside
  /** What a change of types makes of its session, where it cannot be said in each statement. */
  readonly strictSession?: StrictSession
  /** Whether TypeORM changes a column by copying its table. */
  readonly copiesTables?: boolean
  /** Whether all query runners share one connection. */
  readonly sharesConnection?: boolean
}

const mysqlLike: DriverFacts = {
  syntax: "mysql",
  hasPartialIndexes: false,
  isToken: mysqlToken,
  hasTokens: mysqlLeaf,
  // Their collations ignore case and accents, and spaces at the end
  castsToBytes: true,
  textLimits: {
    text: 2 ** 16 - 1,
    mediumtext: 2 ** 24 - 1,
    longtext: 2 ** 32 - 1,
    // TypeORM's default length there
    varchar: 255,
    "character varying": 255,
  },
}

const mysql: DriverFacts = {
  ...mysqlLike,
  planTypes: ({ connection }, path, targets) => planMysql(connection, path, targets),
  findLeftBeside,
  strictSession,
}

const postgresLike: DriverFacts = {
  syntax: "postgres",
  hasPartialIndexes: true,
  isToken: postgresToken,
  hasTokens: postgresLeaf,
  longList: postgresList,
}

const modelConstraint: DriverFacts["modelConstraint"] = (path, table, column) =>
  postgresSchema.constraint(path, table, column)

const sqliteLike: DriverFacts = {
  syntax: "sqlite",
  hasPartialIndexes: true,
  isToken: sqliteToken,
  hasTokens: sqliteLeaf,
  longList: sqliteList,
}

const knownDrivers: Readonly<Partial<Record<string, DriverFacts>>> = {
  "better-sqlite3": {
    ...sqliteLike,
    planTypes: ({ connection }, path, targets) => planSqlite(connection, path, targets),
    copiesTables: true,
    sharesConnection: true,
  },
  sqlite: sqliteLike,
  sqljs: sqliteLike,
  postgres: {
    ...postgresLike,
    modelConstraint,
    modelConstraintState: (connection, path, constraint, column) =>
      postgresSchema.constraintState(connection, path, constraint, column),
    planTypes: planPostgres,
  },
  cockroachdb: { ...postgresLike, modelConstraint },
  "aurora-postgres": postgresLike,
  mysql,
  mariadb: mysql,
  "aurora-mysql": mysqlLike,
}

/** Of what nobody tried, as little is said as will do. */
const unknownDriver: DriverFacts = { syntax: "sqlite", hasPartialIndexes: true }

/** Returns what is known of the database of a driver, by its `type` in the options of a DataSource. */
export function driverFacts(driver: string): DriverFacts {
  return knownDrivers[driver] ?? unknownDriver
}
