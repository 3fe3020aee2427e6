import { randomBytes } from "node:crypto"
import { createConnection, type Connection, type RowDataPacket } from "mysql2/promise"
import type { FreshDatabase } from "../fresh-database"

/** Creates a MariaDB or MySQL database of its own for a test file. */
export async function freshMariaDb(serverUrl: string): Promise<FreshDatabase> {
  const name = `test_${randomBytes(6).toString("hex")}`
  const connection = await createConnection({ uri: serverUrl })
  await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`)
  await connection.query(`USE ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const query = async (sql: string, parameters: readonly unknown[] = []) => {
    const [rows] = await connection.query<RowDataPacket[]>(sql, [...parameters])
    return rows
  }
  const [server] = await query("SELECT version() AS version")
  const type = String(server?.version).includes("MariaDB") ? "mariadb" : "mysql"
  return {
    connection: { type, url: url.href },
    query,
    escape: (identifier) => connection.escapeId(identifier),
    clear: () => clear(connection),
    drop: async () => {
      await query(`DROP DATABASE ${name}`)
      await connection.end()
    },
  }
}

async function clear(connection: Connection): Promise<void> {
  const [rows] = await connection.query<RowDataPacket[]>("SHOW TABLES")
  await connection.query("SET FOREIGN_KEY_CHECKS = 0")
  for (const table of rows.flatMap((row) => Object.values(row) as string[])) {
    await connection.query(`DROP TABLE ${connection.escapeId(table)}`)
  }
  await connection.query("SET FOREIGN_KEY_CHECKS = 1")
}
