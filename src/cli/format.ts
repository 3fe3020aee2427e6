/** Formats a count with separators between thousands, rounded. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en-US")
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB"] as const

/** Formats a size by its largest unit, as in `"1.2 GB"`. */
export function formatBytes(bytes: number): string {
  const unit = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1)
  const amount = bytes / 1000 ** unit
  return `${unit === 0 ? bytes : amount.toFixed(1)} ${UNITS[unit] ?? ""}`
}

/** Formats a duration by its two largest units, as in `"3 min 20 s"`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.ceil(seconds)
  const minutes = Math.floor(whole / 60)
  if (minutes === 0) return `${whole} s`
  if (minutes < 60) return `${minutes} min ${whole % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/**
 * Formats rows of text as an aligned table. The first column is text, all others are numbers, which
 * end where their heading ends. (`console.table` quotes and centres; a dependency is not worth it.)
 */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) =>
    Math.max(...rows.map((row) => (row[i] ?? "").length)),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd()
  return rows.map((row) => `${line(row)}\n`).join("")
}
