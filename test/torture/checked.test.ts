import { setTimeout as sleep } from "node:timers/promises"

import { expect, test } from "@jest/globals"

import type { BulkReport } from "../../src"
import { startProcess, type TestProcess } from "../integration/bulk/processes"
import { eachDatabase } from "../support/databases"
import { keys } from "../support/keys"
import type { Application } from "./independent/application"
import { open, seal } from "./independent/fernet"
import { openStore, type Place, type Store } from "./independent/store"
import { type Expected, type StoredRow, tallyOf } from "./independent/tally"
import type { ProcessRun } from "./run-process"
import { rounds } from "./rounds"

const rows = 1_500
/** CI has time for two; the weekly run kills twenty times. */
const kills = rounds > 1 ? 20 : 2
/** Small batches, so that a run is at work for longer than another takes to load. */
const slow = { force: true, batchSize: 10, pauseMs: 40 } as const
/** Milliseconds within which the batch after a pause is read, encrypted and written. */
const MOMENT = 25
const context = "torture/patient/ssn"
const both = [keys.second, keys.first] as const
const valueOf = (id: number): string => `value ${id}`

/** A command, the keys of its runs, and what the application writes meanwhile. */
interface Scenario {
  readonly command: ProcessRun["command"]
  readonly keys: readonly [string, ...string[]]
  readonly writesPlaintext: boolean
  readonly before: (id: number) => string
  /** Whether a cell is what the command leaves. */
  readonly isDone: (cell: string) => boolean
  readonly isIndexed: boolean
}

const sealedBy = (key: string, cell: string): boolean =>
  cell.startsWith("gAAAAA") && open(key, cell) !== undefined

const commands: readonly Omit<Scenario, "isIndexed">[] = [
  {
    ...{ command: "encrypt", keys: [keys.first], writesPlaintext: true },
    before: valueOf,
    isDone: (cell) => sealedBy(keys.first, cell),
  },
  {
    ...{ command: "rotate", keys: both, writesPlaintext: false },
    before: (id) => seal(keys.first, valueOf(id)),
    isDone: (cell) => sealedBy(keys.second, cell),
  },
  {
    ...{ command: "decrypt", keys: both, writesPlaintext: true },
    before: (id) => seal(keys.first, valueOf(id)),
    isDone: (cell) => cell.startsWith("value "),
  },
]

const cases = commands.flatMap((command) =>
  [false, true].map((isIndexed) => ({
    ...{ ...command, isIndexed, indexed: isIndexed ? "with" : "without" },
  })),
)

async function createRows(store: Store, before: (id: number) => string): Promise<void> {
  await store.run(
    "CREATE TABLE patient (id int NOT NULL PRIMARY KEY, ssn text, ssn_bidx varchar(64))",
  )
  for (let first = 1; first <= rows; first += 500) {
    const ids = Array.from({ length: 500 }, (_, i) => first + i)
    const values = ids.map((id) => `(${id}, '${before(id)}')`)
    await store.run(`INSERT INTO patient (id, ssn) VALUES ${values.join(", ")}`)
  }
}

function startApplication(place: Place, { command, writesPlaintext, isIndexed }: Scenario) {
  const application: Application = {
    ...{ place, ids: rows, writesPlaintext },
    keys: command === "encrypt" ? [keys.first] : both,
    ...(isIndexed && { context }),
  }
  const script = `${__dirname}/independent/application.ts`
  return startProcess<Readonly<Record<string, string>>>(script, [JSON.stringify(application)])
}

/** Starts runs of which three are at work at once, and kills as many as `kills` says at theirs. */
async function killRuns(start: () => TestProcess<BulkReport>): Promise<number> {
  // A process takes a while to load
  const spare = [start(), start()]
  const next = (): TestProcess<BulkReport> => {
    spare.push(start())
    return spare.shift() ?? start()
  }
  const running = [next(), next(), next()]
  await Promise.all(running.map((one) => one.begin()))
  let killed = 0
  for (let turn = 0; killed < kills; turn = (turn + 1) % running.length) {
    const one = running[turn] ?? next()
    await one.printed(1 + Math.floor(Math.random() * 20))
    // Anywhere in a batch, and not only after one
    await sleep(slow.pauseMs + Math.random() * MOMENT)
    if (await one.kill()) killed++
    // What ended by itself ended well
    else expect(await one.result()).toMatchObject({ failed: 0 })
    await (running[turn] = next()).begin()
  }
  await Promise.all([...running, ...spare].map((one) => one.kill()))
  return killed
}

eachDatabase("three runs at once beside an application, which are killed", (db) => {
  test.each(cases)(
    "lose, bring back and double nothing: $command $indexed an index",
    async ({ indexed, ...scenario }) => {
      await db.dropAllTables()
      const place = db.options() as Place
      const store = await openStore(place)
      await createRows(store, scenario.before)
      const { command, isIndexed, isDone } = scenario
      const run: Omit<ProcessRun, "options"> = {
        ...{ command, place, keys: scenario.keys },
        target: {
          table: "patient",
          columns: { ssn: isIndexed ? { blindIndex: { context } } : {} },
        },
      }
      const start = (options?: ProcessRun["options"]): TestProcess<BulkReport> =>
        startProcess(`${__dirname}/run-process.ts`, [JSON.stringify({ ...run, options })])
      const found = async () =>
        (await store.run("SELECT * FROM patient")) as unknown as readonly StoredRow[]

      const writer = startApplication(place, scenario)
      await writer.begin()
      const killed = await killRuns(() => start(slow))
      writer.stop()
      const truth = new Map(Object.entries(await writer.result()))
      const expected: Expected = { truth, keys: scenario.keys, everyKey: both, context }
      const meanwhile = tallyOf(await found(), expected)
      const last = start()
      await last.begin()
      const report = await last.result()
      const companion = isIndexed && command !== "decrypt" ? "right" : "none"
      const after = tallyOf(await found(), { ...expected, done: { isDone, companion } })
      await store.close()

      if (rounds > 1) {
        const tallies = JSON.stringify({ meanwhile, after })
        process.stderr.write(`${db.name}, ${command} ${indexed} an index: `)
        process.stderr.write(`${killed} kills, ${truth.size} rows, ${tallies}\n`)
      }
      const none = { lost: 0, resurrected: 0, doubled: 0, left: 0, wrongCompanions: 0 }
      expect(meanwhile).toEqual(none)
      expect(after).toEqual(none)
      expect(report).toMatchObject({ completed: true, failed: 0, rows: truth.size })
    },
  )
})
