import { expect, test } from "@jest/globals"

import type { BulkReport } from "../../src"
import { startProcess, type TestProcess } from "../integration/bulk/processes"
import { eachDatabase } from "../support/databases"
import { keys } from "../support/keys"
import type { Application } from "./independent/application"
import { indexValue, open, seal } from "./independent/fernet"
import { openStore, type Place, type Store } from "./independent/store"
import type { ProcessRun } from "./run-process"
import { rounds } from "./rounds"

const rows = 1_500
/** CI has time for two; the weekly run kills twenty times. */
const kills = rounds > 1 ? 20 : 2
const context = "torture/patient/ssn"
const both = [keys.second, keys.first]
const valueOf = (id: number): string => `value ${id}`

/** A command, the keys of its runs, and what the application writes meanwhile. */
interface Scenario {
  readonly command: ProcessRun["command"]
  readonly keys: readonly string[]
  readonly writesPlaintext: boolean
  readonly before: (id: number) => string
  /** Whether a cell is what the command leaves. */
  readonly isDone: (cell: string) => boolean
}

const sealedBy = (key: string, cell: string): boolean =>
  cell.startsWith("gAAAAA") && open(key, cell) !== undefined

const scenarios: readonly Scenario[] = [
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

/** What a row holds: its value, and whether its companion may stand there. */
interface Row {
  readonly value: string
  readonly isDone: boolean
  readonly companion: "none" | "right" | "under an older key" | "wrong"
}

function valueIn(cell: string): string {
  if (!cell.startsWith("gAAAAA")) return cell
  const opened = both.map((key) => open(key, cell)).find((text) => text !== undefined)
  return opened ?? "a token that no key opens"
}

function companionOf(cell: unknown, value: string, [first = "", ...older]: readonly string[]) {
  if (cell === null || cell === undefined) return "none"
  if (cell === indexValue(first, context, value)) return "right"
  return older.some((key) => cell === indexValue(key, context, value))
    ? "under an older key"
    : "wrong"
}

async function readRows(store: Store, { keys, isDone }: Scenario): Promise<Map<string, Row>> {
  const found = await store.run("SELECT * FROM patient")
  return new Map(
    found.map(({ id, ssn, ssn_bidx }) => {
      const cell = String(ssn)
      const value = valueIn(cell)
      const companion = companionOf(ssn_bidx, value, keys)
      return [String(id), { value, isDone: isDone(cell), companion }]
    }),
  )
}

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

eachDatabase("three runs at once beside an application, which are killed", (db) => {
  const cases = scenarios.flatMap((scenario) =>
    [false, true].map((isIndexed) => ({
      ...scenario,
      isIndexed,
      indexed: isIndexed ? "with" : "without",
    })),
  )

  test.each(cases)(
    "lose, bring back and double nothing: $command $indexed an index",
    async ({ isIndexed, ...scenario }) => {
      await db.dropAllTables()
      const place = db.options() as Place
      const store = await openStore(place)
      await createRows(store, scenario.before)
      const index = { blindIndex: { context } }
      const run: Omit<ProcessRun, "options"> = {
        ...{ command: scenario.command, place, keys: scenario.keys },
        target: { table: "patient", columns: { ssn: isIndexed ? index : {} } },
      }
      const start = (): TestProcess<BulkReport> =>
        startProcess(`${__dirname}/run-process.ts`, [
          JSON.stringify({ ...run, options: { force: true, batchSize: 40, pauseMs: 3 } }),
        ])
      const application: Application = {
        ...{ place, ids: rows, writesPlaintext: scenario.writesPlaintext },
        keys: scenario.command === "encrypt" ? [keys.first] : both,
        ...(isIndexed && { context }),
      }
      const writer = startProcess<Readonly<Record<string, string>>>(
        `${__dirname}/independent/application.ts`,
        [JSON.stringify(application)],
      )
      const running = [start(), start(), start()]
      await writer.begin()
      await Promise.all(running.map((one) => one.begin()))

      for (let killed = 0; killed < kills; killed++) {
        const at = killed % running.length
        const next = start()
        await running[at]?.printed(1 + Math.floor(Math.random() * 8))
        await running[at]?.kill()
        running[at] = next
        await next.begin()
      }
      await Promise.all(running.map((one) => one.kill()))
      writer.stop()
      const truth = new Map(Object.entries(await writer.result()))
      const meanwhile = await readRows(store, scenario)
      const last = startProcess<BulkReport>(`${__dirname}/run-process.ts`, [JSON.stringify(run)])
      await last.begin()
      const report = await last.result()
      const after = await readRows(store, scenario)
      await store.close()

      const valuesOf = (found: ReadonlyMap<string, Row>) =>
        new Map([...found].map(([id, { value }]) => [id, value]))
      const companionsOf = (found: ReadonlyMap<string, Row>) =>
        new Set([...found.values()].map(({ companion }) => companion))
      expect(valuesOf(meanwhile)).toEqual(truth)
      expect(companionsOf(meanwhile)).not.toContain("wrong")
      expect(valuesOf(after)).toEqual(truth)
      expect(report).toMatchObject({ completed: true, failed: 0, rows: truth.size })
      expect([...after.values()].filter(({ isDone }) => !isDone)).toHaveLength(0)
      const isRight = isIndexed && scenario.command !== "decrypt"
      expect(companionsOf(after)).toEqual(new Set([isRight ? "right" : "none"]))
    },
  )
})
