import type { Figure } from "../measure/statistics"

/** What a figure is to reach: at least a bound, or at most. */
export interface Target {
  readonly sense: "≥" | "≤"
  readonly must: number
  /** What would be better still. */
  readonly stretch?: number
}

/** What became of a target. */
export type Verdict = "MISSED" | "met" | "stretch met"

/** A target from below. */
export function atLeast(must: number, stretch?: number): Target {
  return { sense: "≥", must, ...(stretch === undefined ? {} : { stretch }) }
}

/** A target from above. */
export function atMost(must: number, stretch?: number): Target {
  return { sense: "≤", must, ...(stretch === undefined ? {} : { stretch }) }
}

/** Says whether the median reaches the target. A figure that is no number reaches none. */
export function judge({ median }: Figure, { sense, must, stretch }: Target): Verdict {
  const reaches = (bound: number): boolean => (sense === "≥" ? median >= bound : median <= bound)
  if (stretch !== undefined && reaches(stretch)) return "stretch met"
  return reaches(must) ? "met" : "MISSED"
}

/** Spells a target. */
export function describeTarget({ sense, must, stretch }: Target): string {
  return stretch === undefined ? `${sense} ${must}` : `${sense} ${must} (stretch ${stretch})`
}
