import type { BulkReport, CellFailure, StateCounts } from "../bulk/report"
import { describeUse } from "../bulk/uses"
import { formatBytes, formatCount, formatTable } from "./format"

/** Failures that are printed for a table; `--json` lists more. */
const PRINTED_FAILURES = 20

/** What uses the columns of a table, as far as it is printed. */
const PRINTED_USES = 20

/** Renders the states of all columns as one table, and the cells that could not be dealt with. */
export function renderStates(reports: readonly BulkReport[], keys: readonly string[]): string {
  const shown = rareStates(reports)
  const rows = reports.flatMap(({ columns, constrained }) =>
    Object.entries(columns).map(([name, { after }]) => [
      name,
      ...statesOf(after, keys, shown).map(formatCount),
      constrained.includes(name) ? "yes" : "no",
    ]),
  )
  if (rows.length === 0) return ""
  const unopened = reports.filter(opensNothing).map(({ table }) => `${table}: ${NOTHING_OPENS}\n`)
  const states = formatTable([headings(keys, shown), ...rows])
  const problems = reports.map(
    (report) => report.drift.map((one) => `${one}\n`).join("") + renderFailures(report),
  )
  return unopened.join("") + states + renderIndexes(reports) + problems.join("")
}

const NOTHING_OPENS = "nothing opens under these keys: is it the key of this environment?"

/** Whether there are tokens in a table, and not one of them opens. */
export function opensNothing({ columns }: BulkReport): boolean {
  const counts = Object.values(columns).map(({ after }) => after)
  const opened = counts.some(
    ({ current, shared, stale }) => current + shared > 0 || Object.keys(stale).length > 0,
  )
  return !opened && counts.some(({ unreadable }) => unreadable > 0)
}

/** Renders how complete the blind indexes are, if there are any. */
function renderIndexes(reports: readonly BulkReport[]): string {
  const rows = reports.flatMap(({ indexes }) =>
    Object.entries(indexes).map(([name, { current, missing, stale }]) => [
      name,
      ...[current, missing, stale].map(formatCount),
    ]),
  )
  if (rows.length === 0) return ""
  return `\n${formatTable([["blind index", "current", "missing", "stale"], ...rows])}`
}

/**
 * Renders what was changed in each table, and the states that are left.
 *
 * @param done - what was done to rows, as in `"encrypted"`
 * @param left - how many cells of a column are still to be done
 */
export function renderChanges(
  reports: readonly BulkReport[],
  keys: readonly string[],
  done: string,
  left: (counts: StateCounts) => number,
): string {
  const lines = reports
    .map((report) => `${summarize(report, onlyIndexes(report, left) ? "indexed" : done)}\n`)
    .join("")
  const counted = reports.filter(({ columns }) => Object.keys(columns).length > 0)
  return [lines, renderStates(counted, keys), failuresOf(reports, counted)].join("")
}

/** Whether no cell of a column was changed, or would be, but only those of its blind indexes. */
function onlyIndexes(
  { columns, changed, dryRun }: BulkReport,
  left: (counts: StateCounts) => number,
): boolean {
  const counted = Object.values(columns)
  if (changed === 0 || counted.length === 0) return false
  return counted.every(({ before, after }) => left(after) === (dryRun ? 0 : left(before)))
}

function summarize(report: BulkReport, done: string): string {
  const { table, changed, raced, seconds, dryRun, completed, statements } = report
  const { planned = [], bytes, uses, shard, restored = [] } = report
  const size = planned.length > 0 && bytes !== undefined ? ` (${formatBytes(bytes)})` : ""
  const would = dryRun ? "would be " : ""
  return [
    `${table}${size}: ${formatCount(changed)} rows ${would}${done} in ${seconds.toFixed(1)} s`,
    raced > 0 ? `, ${formatCount(raced)} written by others meanwhile and read again` : "",
    completed ? "" : ", then stopped",
    shard ? `\n  ${describeShard(shard)}` : "",
    ...restored.map((column) => `\n  ${column} has its type back`),
    ...uses.slice(0, PRINTED_USES).map((use) => `\n  ${describeUse(use)}`),
    uses.length > PRINTED_USES ? "\n  and more; column:uses names all" : "",
    ...statements.map((statement) => `\n  ${statement}`),
    ...planned.map(({ sql, lock }) => `\n  would run ${sql}\n    which ${lock}`),
  ].join("")
}

function describeShard({ index, count }: NonNullable<BulkReport["shard"]>): string {
  return (
    `part ${index} of ${count}: runs of the whole table and of other counts are not kept out; when all ` +
    "parts are done, verify the whole"
  )
}

/** States that few tables have cells in: whether any of these has. */
interface RareStates {
  readonly legacy: boolean
  readonly shared: boolean
}

function rareStates(reports: readonly BulkReport[]): RareStates {
  const counts = reports.flatMap(({ columns }) => Object.values(columns).map(({ after }) => after))
  return {
    legacy: counts.some(({ legacy }) => legacy > 0),
    shared: counts.some(({ shared }) => shared > 0),
  }
}

function headings(keys: readonly string[], { legacy, shared }: RareStates): readonly string[] {
  const [first = "", ...older] = keys
  const stale = older.map((fingerprint) => `stale ${fingerprint}`)
  const unencrypted = ["plaintext", ...(legacy ? ["legacy"] : [])]
  return [
    ...["column", "null", ...unencrypted, `current ${first}`, ...stale],
    ...[...(shared ? ["shared keys"] : []), "unreadable", "constraint"],
  ]
}

function statesOf(
  counts: StateCounts,
  keys: readonly string[],
  { legacy, shared }: RareStates,
): readonly number[] {
  const stale = keys.slice(1).map((fingerprint) => counts.stale[fingerprint] ?? 0)
  const unencrypted = [counts.plaintext, ...(legacy ? [counts.legacy] : [])]
  const left = [...stale, ...(shared ? [counts.shared] : [])]
  return [counts.null, ...unencrypted, counts.current, ...left, counts.unreadable]
}

function failuresOf(reports: readonly BulkReport[], printed: readonly BulkReport[]): string {
  return reports
    .filter((report) => !printed.includes(report))
    .map(renderFailures)
    .join("")
}

function renderFailures({ table, failed, failures }: BulkReport): string {
  if (failed === 0) return ""
  const shown = failures.slice(0, PRINTED_FAILURES)
  const more = failed - shown.length
  return [
    `${table}: ${formatCount(failed)} cells have a problem\n`,
    ...shown.map((failure) => `  row ${primaryKeyText(failure)}: ${failure.problem}\n`),
    more > 0 ? `  and ${formatCount(more)} more; --json lists up to 1,000\n` : "",
  ].join("")
}

function primaryKeyText({ key }: CellFailure): string {
  return key.length === 1 ? (key[0] ?? "") : `(${key.join(", ")})`
}
