import { createConnection } from "mysql2/promise"

/**
 * Connects once.
 *
 * @throws whatever `mysql2` throws, also when the server does not answer within `timeoutMs`
 */
export async function askMariaDb(url: string, timeoutMs: number): Promise<void> {
  const connection = await createConnection({ uri: url, connectTimeout: timeoutMs })
  await connection.query("SELECT 1")
  await connection.end()
}
