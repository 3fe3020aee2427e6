import type { Findings } from "./line"

/** Puts findings of several steps together. */
export function gather(all: readonly Partial<Findings>[]): Findings {
  return {
    lines: all.flatMap(({ lines = [] }) => lines),
    points: all.flatMap(({ points = [] }) => points),
    versions: Object.assign({}, ...all.map(({ versions }) => versions)) as Findings["versions"],
    skipped: all.flatMap(({ skipped = [] }) => skipped),
    method: all.flatMap(({ method = [] }) => method),
  }
}
