import { freshPostgres } from "../../test/support/postgres/fresh-postgres"
import { startPostgres } from "../../test/support/postgres/start-postgres"
import { gather } from "../report/findings"
import type { Findings } from "../report/line"
import { versionsOf } from "../report/versions"
import { compareDocuments } from "./compare-documents"
import { compareFind } from "./compare-find"
import { compareFindOnSqlite } from "./compare-find-on-sqlite"
import { compareInsert, fillTables } from "./compare-insert"
import { compareSave, countUnchanged } from "./compare-save"
import { openDataSources } from "./data-sources"
import type { OrmOptions } from "./options"
import { texts } from "./patient"
import { profileFind } from "./profile-find"

/** Measures TypeORM with encrypted columns on PostgreSQL, and `find()` on SQLite too. */
export async function runOrm(options: OrmOptions): Promise<Findings> {
  const server = await startPostgres({ prefer: "embedded", durable: true })
  const database = await freshPostgres(server.url)
  const sources = await openDataSources(database.connection)
  try {
    process.stderr.write("orm: compareInsert\n")
    const inserted = await compareInsert(database.connection, options)
    await fillTables(sources, options.rows)
    process.stderr.write("orm: compareFind\n")
    const found = await compareFind(database.connection, sources, options)
    if (process.env.BENCH_PROFILE) await profileFind(sources, process.env.BENCH_PROFILE)
    process.stderr.write("orm: compareFindOnSqlite\n")
    const findings: Partial<Findings>[] = [found, await compareFindOnSqlite(options), inserted]
    process.stderr.write("orm: compareSave\n")
    findings.push(await countUnchanged(database.connection, options))
    findings.push(await compareSave(database.connection, options))
    process.stderr.write("orm: compareDocuments\n")
    findings.push(await compareDocuments(database.connection, options))
    const versions = {
      PostgreSQL: server.version,
      ...versionsOf("tinybench", "typeorm", "pg", "better-sqlite3", "typeorm-encrypted"),
    }
    const lengths = Object.values(texts).join(", ")
    const method =
      `${options.rounds} rounds of find(), a third as many of the others; rows of five texts, of ` +
      `${lengths} characters; each contender in a process of its own. typeorm-encrypted runs on the same TypeORM as this package.`
    return gather([...findings, { method: [method], versions }])
  } finally {
    await sources.stop()
    await database.drop()
    await server.stop()
  }
}
