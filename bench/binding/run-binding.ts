import { join } from "node:path"

import { freshPostgres } from "../../test/support/postgres/fresh-postgres"
import { startPostgres } from "../../test/support/postgres/start-postgres"
import { runApart } from "../measure/apart"
import type { Rounds } from "../measure/rounds"
import type { Figure } from "../measure/statistics"
import type { Findings, Line } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import { atMost } from "../report/target"
import { versionsOf } from "../report/versions"
import type { BindingJob } from "./open-contender"
import type { BindingOptions } from "./options"
import { type Task, tasks } from "./tasks"
import { measureTenantSwitch } from "./tenant-switch"
import { BOUND, fillWards, UNBOUND } from "./wards"

/** Entities without encrypted columns, against a DataSource without the package. */
const plainTarget = atMost(1.15, 1.05)

/** Microseconds that a statement without encrypted properties takes more to compile. */
const compileTarget = atMost(2)

/** Measures what encrypted entities cost those beside them, on PostgreSQL. */
export async function runBinding({ statements, rounds }: BindingOptions): Promise<Findings> {
  const server = await startPostgres({ prefer: "embedded", durable: true })
  const database = await freshPostgres(server.url)
  const lines: Line[] = []
  try {
    await fillWards(database.connection)
    for (const task of tasks) {
      process.stderr.write(`binding: ${task.name}\n`)
      // What is not sent takes a tenth of the time
      const times = task.compiles ? 10 * statements : statements
      const jobs = [BOUND, UNBOUND].map((name): BindingJob => ({
        ...{ name, task: task.name, times },
        connection: database.connection,
      }))
      const measured = await runApart(join(__dirname, "open-contender.js"), jobs, rounds)
      lines.push(lineOf(task, measured, times))
    }
    process.stderr.write("binding: tenants\n")
    lines.push(await measureTenantSwitch(rounds))
  } finally {
    await database.drop()
    await server.stop()
  }
  return {
    lines,
    points: [],
    versions: { PostgreSQL: server.version, ...versionsOf("tinybench", "typeorm", "pg") },
    skipped: [],
    method: [
      `${rounds} rounds of ${statements} statements of an entity without encrypted columns, one after the other; ` +
        "each contender in a process of its own.",
    ],
  }
}

function lineOf({ name, compiles }: Task, measured: Rounds, times: number): Line {
  const [bound, unbound] = [measured.cost(BOUND) / times, measured.cost(UNBOUND) / times]
  const absolute = describeSecondsOf(bound, unbound)
  if (!compiles) {
    const figure = measured.costRatio(BOUND, UNBOUND)
    const group = "Entities without encrypted columns"
    const title = `${name}, ${BOUND}, against the same ${UNBOUND}`
    return { group, title, figure, unit: "× the cost", absolute, target: plainTarget }
  }
  const perStatement = (seconds: number): number => (seconds / times) * 1e6
  const difference = measured.difference(BOUND, UNBOUND)
  const figure: Figure = {
    median: perStatement(difference.median),
    low: perStatement(difference.low),
    high: perStatement(difference.high),
  }
  const group = "Statements without encrypted properties"
  const title = `${name}, compiled ${BOUND}, more than ${UNBOUND}`
  return { group, title, figure, unit: "µs", absolute, target: compileTarget }
}
