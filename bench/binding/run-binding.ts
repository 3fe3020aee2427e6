import type { DataSource } from "typeorm"

import { freshPostgres } from "../../test/support/postgres/fresh-postgres"
import { startPostgres } from "../../test/support/postgres/start-postgres"
import { repeatingAsync } from "../measure/operation"
import { type Rounds, runRounds } from "../measure/rounds"
import type { Figure } from "../measure/statistics"
import type { Findings, Line } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import { atMost } from "../report/target"
import { versionsOf } from "../report/versions"
import type { BindingOptions } from "./options"
import { measureTenantSwitch } from "./tenant-switch"
import { openWards, type Sources, Wards, WARDS } from "./wards"

/** Entities without encrypted columns, against a DataSource without the package. */
const plainTarget = atMost(1.15, 1.05)

/** Microseconds that a statement without encrypted properties takes more to compile. */
const compileTarget = atMost(2)

const BOUND = "with encrypted entities beside it"
const UNBOUND = "without the package"

/** What is done with an entity that has no encrypted column, the nth time. */
interface Task {
  readonly name: string
  /** Whether it is compiled only, and nothing is sent. */
  readonly compiles: boolean
  readonly run: (dataSource: DataSource, n: number) => unknown
}

const compiled: readonly Task[] = [
  {
    name: "a SELECT",
    compiles: true,
    run: (source, n) =>
      source.createQueryBuilder(Wards, "w").where("w.id = :n", { n }).getQueryAndParameters(),
  },
  {
    name: "an UPDATE",
    compiles: true,
    run: (source, n) =>
      source
        .createQueryBuilder()
        .update(Wards)
        .set({ floor: n })
        .where("id = :n", { n })
        .getQueryAndParameters(),
  },
  {
    name: "an INSERT",
    compiles: true,
    run: (source, n) =>
      source
        .createQueryBuilder()
        .insert()
        .into(Wards)
        .values({ id: n, name: "new", floor: n })
        .getQueryAndParameters(),
  },
]

const sent: readonly Task[] = [
  {
    name: "findOneBy()",
    compiles: false,
    run: (source, n) => source.getRepository(Wards).findOneBy({ id: n % WARDS }),
  },
  {
    name: `find() of ${WARDS} rows`,
    compiles: false,
    run: (source) => source.getRepository(Wards).find(),
  },
  {
    name: "update()",
    compiles: false,
    run: (source, n) => source.getRepository(Wards).update(n % WARDS, { floor: n }),
  },
  {
    name: "findOneBy() and save()",
    compiles: false,
    run: async (source, n) => {
      const wards = source.getRepository(Wards)
      const ward = await wards.findOneByOrFail({ id: n % WARDS })
      await wards.save(Object.assign(ward, { floor: n }))
    },
  },
]

/** Measures what encrypted entities cost those beside them, on PostgreSQL. */
export async function runBinding({ statements, rounds }: BindingOptions): Promise<Findings> {
  const server = await startPostgres({ prefer: "embedded", durable: true })
  const database = await freshPostgres(server.url)
  const sources = await openWards(database.connection)
  const lines: Line[] = []
  try {
    for (const task of [...sent, ...compiled]) {
      process.stderr.write(`binding: ${task.name}\n`)
      // What is not sent takes a tenth of the time
      const times = task.compiles ? 10 * statements : statements
      lines.push(lineOf(task, await compare(task, sources, times, rounds), times))
    }
    process.stderr.write("binding: tenants\n")
    lines.push(await measureTenantSwitch(rounds))
  } finally {
    await sources.stop()
    await database.drop()
    await server.stop()
  }
  return {
    lines,
    points: [],
    versions: { PostgreSQL: server.version, ...versionsOf("tinybench", "typeorm", "pg") },
    skipped: [],
    method: [
      `${rounds} rounds of ${statements} statements of an entity without encrypted columns, one after the other.`,
    ],
  }
}

function compare(
  { run }: Task,
  { bound, unbound }: Sources,
  times: number,
  rounds: number,
): Promise<Rounds> {
  const contenders = (
    [
      [BOUND, bound],
      [UNBOUND, unbound],
    ] as const
  ).map(([name, source]) => {
    let n = 0
    return repeatingAsync(name, {
      async run() {
        for (let i = 0; i < times; i++) await run(source, n++)
      },
    })
  })
  return runRounds(contenders, rounds)
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
