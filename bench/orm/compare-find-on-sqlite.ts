import { freshSqlite } from "../../test/support/sqlite/fresh-sqlite"
import type { Findings, Line } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import { fillTables } from "./compare-insert"
import { openDataSources } from "./data-sources"
import type { OrmOptions } from "./options"
import { runVariants } from "./run-variants"
import { sqliteTarget } from "./targets"
import { ours5, plain, tokens } from "./variants"

/** Finds of one sample: one alone takes less than the processor's clock tells apart. */
const FINDS = 10

/** Finds rows where no server and no wire hide what decryption takes. */
export async function compareFindOnSqlite({
  rowsOnSqlite: rows,
  rounds,
}: OrmOptions): Promise<Partial<Findings>> {
  const database = freshSqlite()
  const sources = await openDataSources(database.connection)
  try {
    await fillTables(sources, rows)
    const jobs = [plain, ours5, tokens].map(({ name }) => ({
      ...{ name, work: "find" as const },
      ...{ connection: database.connection, rows, times: FINDS },
    }))
    const measured = await runVariants(jobs, rounds)
    const lines = [ours5, tokens].map(({ name }): Line => ({
      group: `find() of ${rows.toLocaleString("en")} rows on SQLite`,
      title: `${name}, against plain columns`,
      figure: measured.costRatio(name, plain.name),
      unit: "× the cost",
      absolute: describeSecondsOf(measured.cost(name), measured.cost(plain.name)),
      ...(name === ours5.name ? { target: sqliteTarget } : {}),
    }))
    return { lines }
  } finally {
    await sources.stop()
    await database.drop()
  }
}
