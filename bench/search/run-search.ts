import { join } from "node:path"

import { freshPostgres } from "../../test/support/postgres/fresh-postgres"
import { startPostgres } from "../../test/support/postgres/start-postgres"
import { runApart } from "../measure/apart"
import type { Rounds } from "../measure/rounds"
import { single } from "../measure/statistics"
import type { Findings, Line } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import { atMost } from "../report/target"
import { versionsOf } from "../report/versions"
import type { SearchJob } from "./open-contender"
import type { SearchOptions } from "./options"
import { ENCRYPTED, openTables, PLAIN } from "./tables"

/** A search by blind index, against the same on a plain column with an index, by each clock. */
const targets = { wall: atMost(1.3, 1.15), cpu: atMost(1.5, 1.25) } as const

/** Measures searches by equality on PostgreSQL. */
export async function runSearch(options: SearchOptions): Promise<Findings> {
  const server = await startPostgres({ prefer: "embedded", durable: true })
  const database = await freshPostgres(server.url)
  const tables = await openTables(database.connection)
  try {
    process.stderr.write(`search: fills two tables of ${options.rows} rows\n`)
    await tables.fill(options.rows)
    process.stderr.write("search: compares\n")
    const { rows, searches, rounds } = options
    const jobs = [PLAIN, ENCRYPTED].map((name): SearchJob => ({
      name,
      connection: database.connection,
      rows,
      searches,
    }))
    const measured = await runApart(join(__dirname, "open-contender.js"), jobs, rounds)
    const plan = await tables.planOfSearch()
    return {
      lines: [...linesOf(measured, options), ...linesOfPlan(plan, options)],
      points: [],
      versions: { PostgreSQL: server.version, ...versionsOf("tinybench", "typeorm", "pg") },
      skipped: [],
      method: [
        `${options.rounds} rounds of ${options.searches} searches, one after the other, each for ` +
          `another of ${options.rows.toLocaleString("en")} rows; each contender in a process of its own.`,
      ],
    }
  } finally {
    await tables.stop()
    await database.drop()
    await server.stop()
  }
}

function linesOf(measured: Rounds, { rows, searches }: SearchOptions): readonly Line[] {
  return (["wall", "cpu"] as const).map((clock) => ({
    group: `findOneBy() among ${rows.toLocaleString("en")} rows`,
    title: `${ENCRYPTED}, against a ${PLAIN}${clock === "wall" ? ", wall clock" : ""}`,
    figure: measured.costRatio(ENCRYPTED, PLAIN, clock),
    unit: "× the cost",
    absolute: describeSecondsOf(
      measured.cost(ENCRYPTED, clock) / searches,
      measured.cost(PLAIN, clock) / searches,
    ),
    target: targets[clock],
  }))
}

function linesOfPlan(plan: string, { rows }: SearchOptions): readonly Line[] {
  const scans = plan.match(/Seq Scan/g)?.length ?? 0
  return [
    {
      group: `findOneBy() among ${rows.toLocaleString("en")} rows`,
      title: "sequential scans in what EXPLAIN says",
      figure: single(scans),
      unit: "scans",
      absolute: /Index (?:Only )?Scan.*? on \S+/.exec(plan)?.[0] ?? "",
      target: atMost(0),
    },
  ]
}
