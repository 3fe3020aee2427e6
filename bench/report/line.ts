import type { Figure } from "../measure/statistics"
import type { Target } from "./target"

/** What can be run on its own. */
export const parts = ["fernet", "orm", "binding", "search", "bulk"] as const
/** The name of what can be run on its own. */
export type Part = (typeof parts)[number]

/** What a figure counts. */
export type Unit =
  | "× as fast"
  | "× the cost"
  | "µs"
  | "bytes"
  | "MB"
  | "updates"
  | "scans"
  | "encryptions"
  | "M rows/s"

/** One figure of the report. */
export interface Line {
  /** The table it stands in. */
  readonly group: string
  /** What is measured, and against what. */
  readonly title: string
  readonly figure: Figure
  readonly unit: Unit
  /** The same in absolute terms, which hold for one machine only. */
  readonly absolute?: string
  readonly target?: Target
}

/** One mark of a chart. */
export interface Point {
  readonly chart: string
  /** Where it stands: a size, or the name of a bar. */
  readonly at: string | number
  readonly series: string
  readonly value: number
}

/** What a part yields. */
export interface Findings {
  readonly lines: readonly Line[]
  readonly points: readonly Point[]
  /** Versions of what was compared with. */
  readonly versions: Readonly<Record<string, string>>
  /** What was left out, and why. */
  readonly skipped: readonly string[]
  /** The sizes it was run at, for the reader. */
  readonly method: readonly string[]
}
