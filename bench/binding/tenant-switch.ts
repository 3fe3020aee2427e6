import { generateKey, TenantKeys } from "../../src"
import { type Job, type Opened, runApart } from "../measure/apart"
import { repeatingAsync } from "../measure/operation"
import type { Line } from "../report/line"
import { atMost } from "../report/target"

/** Microseconds that work for a tenant takes more, whose keys are kept. */
const target = atMost(2)

const WITHIN = "work for one tenant and then another"
const WITHOUT = "the same for none"
const SWITCHES = 20_000

/** Measures what it costs to do work for a tenant. */
export async function measureTenantSwitch(rounds: number): Promise<Line> {
  const measured = await runApart(__filename, [{ name: WITHIN }, { name: WITHOUT }], rounds)
  const perSwitch = (seconds: number): number => (seconds / SWITCHES) * 1e6
  const { median, low, high } = measured.difference(WITHIN, WITHOUT)
  return {
    group: "Keys of tenants",
    title: `${WITHIN}, more than ${WITHOUT}`,
    figure: { median: perSwitch(median), low: perSwitch(low), high: perSwitch(high) },
    unit: "µs",
    target,
  }
}

/** Makes either contender. */
export function openContender({ name }: Job): Opened {
  const keys = new Map(["north", "south"].map((tenant) => [tenant, generateKey()]))
  const tenants = new TenantKeys((tenant) => keys.get(tenant) ?? "")
  const work = (): Promise<string | undefined> => Promise.resolve(tenants.tenant)
  return repeatingAsync(name, {
    async run() {
      for (let i = 0; i < SWITCHES; i++) {
        if (name === WITHOUT) await work()
        else await tenants.run(i % 2 === 0 ? "north" : "south", work)
      }
    },
  })
}
