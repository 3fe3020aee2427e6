import { repeatingAsync } from "../measure/operation"
import { runRounds } from "../measure/rounds"
import type { Findings, Line } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import type { DataSources } from "./data-sources"
import type { OrmOptions } from "./options"
import { type Patient, patients } from "./patient"
import { insertTarget } from "./targets"
import { cbc5, gcm5, naive5, noop, ours1, ours5, plain, stored, type Variant } from "./variants"

/** Rows of one INSERT. */
const BATCH = 1000

/** Fills the table of every variant. */
export async function fillTables(sources: DataSources, rows: number): Promise<void> {
  for (const variant of stored) {
    await sources.repository(variant).clear()
    await insert(sources, variant, patients(rows))
  }
}

/** Inserts rows in batches, each time into an empty table. */
export async function compareInsert(
  sources: DataSources,
  { rows, rounds }: OrmOptions,
): Promise<Partial<Findings>> {
  const all = patients(rows)
  const variants = [plain, ours5, ours1, noop, naive5, gcm5, cbc5]
  const contenders = variants.map((variant) =>
    repeatingAsync(variant.name, {
      prepare: () => sources.repository(variant).clear(),
      run: () => insert(sources, variant, all),
    }),
  )
  const measured = await runRounds(contenders, Math.ceil(rounds / 3))
  const group = `insert() of ${rows.toLocaleString("en")} rows, ${BATCH} a statement`
  const lines = variants.slice(1).map(({ name }): Line => ({
    group,
    title: `${name}, against plain columns`,
    figure: measured.costRatio(name, plain.name),
    unit: "× the cost",
    absolute: describeSecondsOf(measured.cost(name), measured.cost(plain.name)),
    ...(name === ours5.name ? { target: insertTarget } : {}),
  }))
  return { lines }
}

async function insert(
  sources: DataSources,
  variant: Variant,
  rows: readonly Patient[],
): Promise<void> {
  for (let start = 0; start < rows.length; start += BATCH) {
    await sources.repository(variant).insert(rows.slice(start, start + BATCH))
  }
}
