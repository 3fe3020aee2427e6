import type { DataSourceOptions } from "typeorm"

import type { Findings, Line } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import { openDocuments, ours, plain, webhook } from "./documents"
import type { OrmOptions } from "./options"
import { runVariants } from "./run-variants"

/** Finds documents of which parts are encrypted, and the same in plaintext. */
export async function compareDocuments(
  connection: DataSourceOptions,
  { rows, rounds }: OrmOptions,
): Promise<Partial<Findings>> {
  const webhooks = Array.from({ length: rows }, (_, i) => webhook(i + 1))
  for (const name of [plain, ours]) {
    const [source, repository] = await openDocuments(connection, name)
    await source.synchronize()
    await repository.save(webhooks, { chunk: 1000 })
    await source.destroy()
  }
  const jobs = [plain, ours].map((name) => ({
    ...{ name, work: "find documents" as const },
    ...{ connection, rows },
  }))
  const measured = await runVariants(jobs, rounds)
  const line: Line = {
    group: `find() of ${rows.toLocaleString("en")} documents`,
    title: `${ours}, against ${plain}`,
    figure: measured.costRatio(ours, plain),
    unit: "× the cost",
    absolute: describeSecondsOf(measured.cost(ours), measured.cost(plain)),
  }
  return { lines: [line] }
}
