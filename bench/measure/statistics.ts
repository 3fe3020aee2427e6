/** The middle of several figures, and how far they lie apart. */
export interface Figure {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** Returns the middle value, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const low = sorted[Math.ceil(middle) - 1] ?? NaN
  return (low + (sorted[Math.floor(middle)] ?? NaN)) / 2
}

/** A figure that was taken once. */
export function single(value: number): Figure {
  return { median: value, low: value, high: value }
}

/** Sums up figures of several rounds: their median and their quartiles. */
export function figureOf(values: readonly number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? NaN
  return { median: median(values), low: at(0.25), high: at(0.75) }
}

/**
 * Divides round by round, and sums up: a machine that slows down for a while slows both down.
 *
 * @throws if there are not as many of one as of the other
 */
export function pairedRatio(above: readonly number[], below: readonly number[]): Figure {
  if (above.length !== below.length) throw new Error("Rounds are missing on one side.")
  return figureOf(above.map((value, i) => value / (below[i] ?? NaN)))
}
