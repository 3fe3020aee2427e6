import { isDeepStrictEqual } from "node:util"
import type { DataSourceOptions } from "typeorm"

import type { Rounds } from "../measure/rounds"
import type { Findings, Line, Point } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import type { DataSources } from "./data-sources"
import type { OrmOptions } from "./options"
import { patients } from "./patient"
import { runVariants } from "./run-variants"
import { findTargets, peerTarget, sealedTarget, unauthenticatedPeerTarget } from "./targets"
import * as variants from "./variants"

const { cbc5, gcm1, gcm5, naive5, noop, ours1, ours5, plain, sealed5, tokens } = variants

/** Finds all rows of every variant. */
export async function compareFind(
  connection: DataSourceOptions,
  sources: DataSources,
  { rows, rounds }: OrmOptions,
): Promise<Partial<Findings>> {
  for (const variant of variants.stored) {
    const found = await sources.repository(variant).find({ order: { id: "ASC" } })
    if (
      isDeepStrictEqual(
        found.map((row) => ({ ...row })),
        patients(rows),
      )
    )
      continue
    throw new Error(`${variant.name} does not find what was inserted.`)
  }
  const all = [...variants.stored, sealed5, tokens]
  const jobs = all.map(({ name }) => ({
    ...{ name, work: "find" as const },
    ...{ connection, rows },
  }))
  const measured = await runVariants(jobs, rounds)
  return { lines: linesOf(measured, rows), points: pointsOf(measured) }
}

const targetsToPlain = new Map([
  [ours5.name, findTargets[5]],
  [sealed5.name, sealedTarget],
  [ours1.name, findTargets[1]],
])

/** Of five columns of ours; the peers of one column have none. */
const targetsToPeers = new Map([
  [gcm5.name, peerTarget],
  [cbc5.name, unauthenticatedPeerTarget],
])

function linesOf(measured: Rounds, rows: number): readonly Line[] {
  const group = `find() of ${rows.toLocaleString("en")} rows`
  const toPlain = [ours5, sealed5, ours1, noop, tokens, naive5, gcm5, gcm1, cbc5].map(
    ({ name }): Line => {
      const target = targetsToPlain.get(name)
      return {
        group,
        title: `${name}, against plain columns`,
        figure: measured.costRatio(name, plain.name),
        unit: "× the cost",
        absolute: describeSecondsOf(measured.cost(name), measured.cost(plain.name)),
        ...(target ? { target } : {}),
      }
    },
  )
  const wall = [ours5, ours1].map(({ name }): Line => ({
    group,
    title: `${name}, against plain columns, wall clock`,
    figure: measured.costRatio(name, plain.name, "wall"),
    unit: "× the cost",
    absolute: describeSecondsOf(measured.cost(name, "wall"), measured.cost(plain.name, "wall")),
  }))
  const toPeers = [
    [ours5, gcm5],
    [ours5, cbc5],
    [ours5, naive5],
    [ours1, gcm1],
  ].map(([ours = ours5, peer = gcm5]): Line => {
    const target = targetsToPeers.get(peer.name)
    return {
      group,
      title: `${ours.name}, against ${peer.name}`,
      figure: measured.speedRatio(ours.name, peer.name),
      unit: "× as fast",
      absolute: describeSecondsOf(measured.cost(ours.name), measured.cost(peer.name)),
      ...(target ? { target } : {}),
    }
  })
  return [...toPlain, ...wall, ...toPeers]
}

function pointsOf(measured: Rounds): readonly Point[] {
  return [ours1, gcm1, noop, tokens, ours5, cbc5, gcm5, naive5].map(({ name }) => ({
    chart: "find",
    at: name,
    series: "find()",
    value: measured.costRatio(name, plain.name).median,
  }))
}
