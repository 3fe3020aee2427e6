import type { QueryRunner } from "typeorm"

import type { Connection } from "../connection"
import { type StatementError, statementError } from "../statement-error"
import { CopyOut, type PgWire } from "./copy"

/** What is used of a client of `pg`. */
interface PgClient {
  query(
    sql: string,
    values: readonly unknown[],
  ): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>
  query(statement: {
    readonly text: string
    readonly values: readonly unknown[]
    readonly rowMode: "array"
  }): Promise<{ rows: unknown[][] }>
  query(statement: CopyOut): void
  /** `pg-native` has none, and takes no statements but its own. */
  readonly connection?: PgWire
  /** Whether statements follow each other without waiting, which must be all of one kind. */
  readonly pipeline?: boolean
  /** The process that answers, as it was told when the connection began. */
  readonly processID?: number | null
}

/** A connection to PostgreSQL, or to what speaks its protocol. */
export interface PostgresConnection extends Connection {
  /** As {@link PgClient.processID} says. */
  readonly processId: number | undefined
}

/** Takes the driver's own connection out of a query runner that is connected to PostgreSQL. */
export async function openPostgres(runner: QueryRunner): Promise<PostgresConnection> {
  const client = (await runner.connect()) as PgClient
  return {
    processId: client.processID ?? undefined,

    async query(sql, values = []) {
      try {
        const { rows, rowCount } = await client.query(sql, values)
        return { rows, affected: rowCount ?? 0 }
      } catch (error) {
        throw postgresError(error)
      }
    },

    async list(sql, values = []) {
      try {
        return (await client.query({ text: sql, values, rowMode: "array" })).rows
      } catch (error) {
        throw postgresError(error)
      }
    },

    ...(client.connection && !client.pipeline && { copyOut: (sql) => copyOut(client, sql) }),
  }
}

function copyOut(client: PgClient, sql: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const statement = new CopyOut(sql, (error, bytes) => {
      if (error) reject(postgresError(error))
      else resolve(bytes)
    })
    client.query(statement)
  })
}

function postgresError(error: unknown): StatementError {
  return statementError(error, mayQuotePostgres, (code) => NAMES_DEPENDENTS.has(code))
}

/** A column that views or rules use cannot be changed, and objects on which others depend not dropped. */
const NAMES_DEPENDENTS: ReadonlySet<string> = new Set(["0A000", "2BP01"])

/**
 * Classes of SQLSTATE whose messages name what is in the catalogue. Those of data exceptions and of
 * violated constraints, and what triggers raise, may quote values.
 */
function mayQuotePostgres(code: string): boolean {
  return /^(?:08|25|28|3D|40|42|53|54|55|57|58)/.test(code) || code === "22001"
}
