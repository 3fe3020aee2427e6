import type { DataSourceOptions } from "typeorm"

import type { Findings, Line } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import type { DataSources } from "./data-sources"
import type { OrmOptions } from "./options"
import { BATCH, insertPatients } from "./insert-patients"
import { patients } from "./patient"
import { runVariants } from "./run-variants"
import { insertTarget } from "./targets"
import { cbc5, gcm5, naive5, noop, ours1, ours5, plain, stored } from "./variants"

/** Fills the table of every variant. */
export async function fillTables(sources: DataSources, rows: number): Promise<void> {
  for (const variant of stored) {
    const repository = sources.repository(variant)
    await repository.clear()
    await insertPatients(repository, patients(rows))
  }
}

/** Inserts rows in batches, each time into an empty table. */
export async function compareInsert(
  connection: DataSourceOptions,
  { rows, rounds }: OrmOptions,
): Promise<Partial<Findings>> {
  const variants = [plain, ours5, ours1, noop, naive5, gcm5, cbc5]
  const jobs = variants.map(({ name }) => ({
    ...{ name, work: "insert" as const },
    ...{ connection, rows },
  }))
  const measured = await runVariants(jobs, Math.ceil(rounds / 3))
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
