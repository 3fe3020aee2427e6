import fc from "fast-check"
import type { DataSourceOptions } from "typeorm"

import { cases } from "../cases/case"
import { isExcluded } from "../exclusions"
import { type Variant, variants } from "../model/variants"
import { worldOf } from "../stored/world"
import { checkCase, type Verdict } from "./check-case"
import { Pair } from "./pair"

/** Cases that share the rows they begin with. */
const BATCH = 250

/** How many cases to check, and where. */
export interface Campaign {
  readonly database: string
  readonly typeorm: string
  readonly connection: () => DataSourceOptions
  readonly seed: number
  readonly cases: number
  /** How many of them this database does. */
  readonly share: number
}

/** What was found. */
export interface Findings extends Verdict {
  readonly cases: number
  /** A shrunk counterexample of each batch that had one. */
  readonly differences: readonly string[]
}

/** Checks random cases in batches, each decided by one seed. */
export async function runCampaign(campaign: Campaign): Promise<Findings> {
  const planned = Math.ceil(campaign.cases * campaign.share)
  const pairs = new Map<Variant, Pair>()
  const { stackTraceLimit } = Error
  // Refusals are many, and their stacks, mapped to the sources, cost more than the queries
  Error.stackTraceLimit = 0
  const total = { cases: 0, answered: 0, refused: 0, threw: 0 }
  const differences: string[] = []
  try {
    for (let seed = campaign.seed; total.cases < planned; seed++) {
      const variant = variants[seed % variants.length] ?? variants[0]
      if (!variant) throw new Error("There is no variant.")
      const pair = pairs.get(variant) ?? (await Pair.open(variant, campaign.connection()))
      pairs.set(variant, pair)
      const numRuns = Math.min(BATCH, planned - total.cases)
      const difference = await runBatch(campaign, pair, seed, numRuns, total)
      if (difference !== undefined) differences.push(difference)
      total.cases += numRuns
    }
  } finally {
    Error.stackTraceLimit = stackTraceLimit
    for (const pair of pairs.values()) await pair.close()
  }
  return { ...total, differences }
}

async function runBatch(
  { database, typeorm, share }: Campaign,
  pair: Pair,
  seed: number,
  numRuns: number,
  total: Record<keyof Verdict, number>,
): Promise<string | undefined> {
  const { variant } = pair
  await pair.load(worldOf(variant, seed))
  const included = cases(variant).filter((one) => !isExcluded(one, { variant, database, typeorm }))
  const property = fc.asyncProperty(included, async (one) => {
    const verdict = await checkCase(pair, one)
    for (const kind of ["answered", "refused", "threw"] as const) total[kind] += verdict[kind]
  })
  const { failed, counterexample, errorInstance, numShrinks } = await fc.check(property, {
    seed,
    numRuns,
  })
  if (!failed) return undefined
  const [found] = counterexample ?? []
  return [
    `DIFFERENTIAL_SEED=${seed} DIFFERENTIAL_CASES=${BATCH / share}, ${variant.name}, ${database}, TypeORM ` +
      `${typeorm}, shrunk ${numShrinks} times:`,
    JSON.stringify(found),
    errorInstance instanceof Error ? errorInstance.message : String(errorInstance),
  ].join("\n")
}
