import type { DataSource } from "typeorm"

import { keysOf } from "../keys/keys"
import type { ExpressionMap } from "../typeorm-internals"
import type { EventAttributes } from "./events"

/** What an event says of the statement that it is about. */
export interface Statement {
  readonly tenant: string | undefined
  readonly entity: string | undefined
  readonly attributes: EventAttributes
}

/** What is said where there is no statement. */
export const NO_STATEMENT: Statement = { tenant: undefined, entity: undefined, attributes: {} }

/** TypeORM's names of databases that OpenTelemetry calls otherwise. */
const SYSTEMS: Readonly<Record<string, string>> = {
  "aurora-mysql": "mysql",
  "aurora-postgres": "postgresql",
  "better-sqlite3": "sqlite",
  capacitor: "sqlite",
  cordova: "sqlite",
  expo: "sqlite",
  nativescript: "sqlite",
  postgres: "postgresql",
  "react-native": "sqlite",
  sqljs: "sqlite",
}

/** TypeORM's names of statements that SQL calls otherwise. */
const OPERATIONS: Readonly<Record<string, string>> = { "soft-delete": "UPDATE", restore: "UPDATE" }

/** Returns what is said of the statement that a query builder makes. */
export function statementOf(
  dataSource: DataSource,
  { mainAlias, queryType }: ExpressionMap,
): Statement {
  const metadata = mainAlias?.hasMetadata ? mainAlias.metadata : undefined
  return {
    tenant: tenantOf(dataSource),
    entity: metadata?.name,
    attributes: {
      ...attributesOf(dataSource),
      ...(metadata && { "db.collection.name": metadata.tableName }),
      "db.operation.name": OPERATIONS[queryType] ?? queryType.toUpperCase(),
    },
  }
}

/** Returns what is said of cells of an entity that are read or made without a statement of TypeORM's. */
export function withoutStatement(dataSource: DataSource, entity: string, table: string): Statement {
  return {
    tenant: tenantOf(dataSource),
    entity,
    attributes: { ...attributesOf(dataSource), "db.collection.name": table },
  }
}

function tenantOf(dataSource: DataSource): string | undefined {
  return keysOf(dataSource)?.tenants?.tenant
}

function attributesOf({ options: { type }, driver }: DataSource): EventAttributes {
  const system = SYSTEMS[type] ?? type
  // Of SQLite it is a path
  const namespace = system === "sqlite" ? undefined : driver.database
  return { "db.system.name": system, ...(namespace !== undefined && { "db.namespace": namespace }) }
}
