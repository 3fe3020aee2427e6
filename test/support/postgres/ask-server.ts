import { Client } from "pg"

/**
 * Connects once and asks one question: `SELECT` of one column, or `SHOW`.
 *
 * @throws whatever `pg` throws, also when the server does not answer within `timeoutMs`
 */
export async function askServer(url: string, sql: string, timeoutMs: number): Promise<string> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: timeoutMs })
  try {
    await client.connect()
    const { rows } = await client.query<[string]>({ text: sql, rowMode: "array" })
    return rows.join()
  } finally {
    await client.end()
  }
}

/** Asks for the version without what distributions append, such as `15.13` or `18.4`. */
export async function askVersion(url: string, timeoutMs: number): Promise<string> {
  const version = await askServer(url, "SHOW server_version", timeoutMs)
  return version.replace(/ .*/, "")
}
