import pg from "pg"

/** The statement that changes a batch on PostgreSQL and has the server compare what it stored. */
const PROVEN = /^WITH u AS \((UPDATE .+) RETURNING v\.i, .+\) SELECT count\(\*\) FILTER .+ FROM u$/s

/** Has connections of this process send that statement without the comparison. Counts how many. */
export function leaveProofOut(): { readonly batches: number } {
  const sent = { batches: 0 }
  const prototype = pg.Client.prototype as unknown as {
    query: (this: unknown, ...args: unknown[]) => unknown
  }
  const { query } = prototype
  prototype.query = function (sql, ...rest) {
    const [, update] = PROVEN.exec(typeof sql === "string" ? sql : "") ?? []
    if (update === undefined) return query.call(this, sql, ...rest)
    sent.batches++
    const counted = `WITH u AS (${update} RETURNING 1) SELECT count(*) AS changed, NULL AS altered FROM u`
    return query.call(this, counted, ...rest)
  }
  return sent
}
