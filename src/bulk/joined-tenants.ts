import type { BulkReport, CellFailure, IndexCounts, StateCounts } from "./report"

/**
 * Joins what was counted of the same cells with the keys of one tenant after the other. What opens for
 * one of them is counted as it is for that one; what opens for none of them is unreadable.
 */
export function joinCounts(counts: readonly [StateCounts, ...StateCounts[]]): StateCounts {
  const [first] = counts
  const current = sum(counts.map((one) => one.current))
  const shared = sum(counts.map((one) => one.shared))
  const stale: Record<string, number> = {}
  for (const [fingerprint, count] of counts.flatMap((one) => Object.entries(one.stale))) {
    stale[fingerprint] = (stale[fingerprint] ?? 0) + count
  }
  const opened = current + shared + sum(Object.values(stale))
  const tokens = first.current + first.shared + sum(Object.values(first.stale)) + first.unreadable
  // Others write meanwhile, so that it need not come out even
  return { ...first, current, shared, stale, unreadable: Math.max(0, tokens - opened) }
}

/** Joins what inspections of the same table found with the keys of one tenant after the other. */
export function joinReports(reports: readonly [BulkReport, ...BulkReport[]]): BulkReport {
  const [first, ...others] = reports
  if (others.length === 0) return first
  const columns = Object.fromEntries(
    Object.entries(first.columns).map(([label, { after }]) => {
      const rest = others.flatMap((report) => report.columns[label]?.after ?? [])
      const joined = joinCounts([after, ...rest])
      return [label, { before: joined, after: joined }]
    }),
  )
  return {
    ...first,
    completed: reports.every(({ completed }) => completed),
    columns,
    indexes: joinIndexes(reports),
    oldest: joinOldest(reports),
    failed: sum(Object.values(columns).map(({ after }) => after.unreadable)),
    failures: first.failures.filter((one) => others.every((report) => hasFailure(report, one))),
    seconds: sum(reports.map(({ seconds }) => seconds)),
  }
}

/** An index value is looked at for whom its row opens; of rows still in plaintext, for everyone. */
function joinIndexes(
  reports: readonly [BulkReport, ...BulkReport[]],
): Readonly<Record<string, IndexCounts>> {
  return Object.fromEntries(
    Object.keys(reports[0].indexes).map((name) => {
      const found = reports.flatMap(({ indexes }) => indexes[name] ?? [])
      const total = (state: keyof IndexCounts): number => sum(found.map((one) => one[state]))
      return [name, { current: total("current"), missing: total("missing"), stale: total("stale") }]
    }),
  )
}

function joinOldest(reports: readonly BulkReport[]): NonNullable<BulkReport["oldest"]> {
  const joined: Record<string, Record<string, string>> = {}
  for (const [column, made] of reports.flatMap(({ oldest }) => Object.entries(oldest ?? {}))) {
    joined[column] = { ...joined[column], ...made }
  }
  return joined
}

function hasFailure({ failures }: BulkReport, { column, key }: CellFailure): boolean {
  const row = JSON.stringify(key)
  return failures.some((other) => other.column === column && JSON.stringify(other.key) === row)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
