import type { Batch } from "../dialect/batch"
import type { RunKeys } from "./keys"
import { type ColumnDecisions, inspecting } from "./pass/cells"
import { Companions } from "./pass/companions"
import { decide } from "./pass/decision"
import type { DescribedTable } from "./preflight"
import { type StateCounts, Tally } from "./report"

/** What the keys of one run show of a batch. */
export interface SeenWithKeys {
  readonly decided: readonly ColumnDecisions[]
  readonly counted: Readonly<Record<string, StateCounts>>
  readonly recognized: readonly (readonly boolean[])[]
}

/** What the keys of one run after the other show of the same batch. */
export type SeenByRun = readonly [SeenWithKeys, ...SeenWithKeys[]]

/** Looks at a batch with the keys of a run, and changes nothing. */
export function seenWith(
  keys: RunKeys,
  { columns, indexes, facts }: DescribedTable,
  batch: Batch,
): SeenWithKeys {
  const companions = new Companions(indexes, columns, keys.indexRing)
  const { columns: decided } = decide(
    {
      ...{ columns, indexes, companions, limits: facts },
      ...{ keys, job: inspecting, demand: "kept" },
    },
    batch,
  )
  const labels = columns.map((column) => column.label)
  const tally = new Tally(labels, keys.fingerprints)
  decided.forEach(({ states }, i) => {
    for (const state of states) tally.found(labels[i] ?? "", state)
  })
  return { decided, counted: tally.counted(), recognized: companions.recognized(batch, decided) }
}
