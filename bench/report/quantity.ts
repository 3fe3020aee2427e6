const prefixes = [
  [1, "s"],
  [1e-3, "ms"],
  [1e-6, "µs"],
  [1e-9, "ns"],
] as const

/** Spells a time in the unit that suits it, with three digits. */
export function describeSeconds(seconds: number): string {
  const [scale, unit] = prefixes.find(([least]) => seconds >= least) ?? prefixes[3]
  return `${describeNumber(seconds / scale)} ${unit}`
}

/** Spells a number with three digits, or whole. */
export function describeNumber(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en")
  return Number(value.toPrecision(3)).toString()
}

/** Spells two times that were compared. */
export function describeSecondsOf(subject: number, reference: number): string {
  return `${describeSeconds(subject)} against ${describeSeconds(reference)}`
}
