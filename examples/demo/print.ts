import { setTimeout } from "node:timers/promises"
import { inspect, styleText } from "node:util"

const WIDTH = 96

/** So that who watches can read a step before the next. */
const PAUSE_MS = 1500

/** Prints the number and title of a step, on a terminal after a pause and in colour. */
export async function printStep(title: string): Promise<void> {
  const isWatched = process.stdout.isTTY
  if (isWatched) await setTimeout(PAUSE_MS)
  const isColoured = isWatched && !process.env.NO_COLOR
  console.log(`\n${isColoured ? styleText(["bold", "cyan"], title) : title}\n`)
}

/** Prints rows of cells in columns, the first row underlined. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const [head = []] = rows
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("   ")}`.trimEnd()
  const underline = widths.map((width) => "-".repeat(width))
  for (const row of [head, underline, ...rows.slice(1)]) console.log(line(row))
}

/** Prints what an error says, in lines of a screen's width. */
export function printError(error: unknown): void {
  if (!(error instanceof Error)) throw error
  const { code, reason } = error as { readonly code?: unknown; readonly reason?: unknown }
  const details: Record<string, unknown> = { name: error.name, code, reason }
  for (const [detail, value] of Object.entries(details)) {
    if (typeof value === "string") console.log(`  ${`${detail}:`.padEnd(9)}${value}`)
  }
  console.log(`  message: ${wrap(error.message, WIDTH - 11).join(`\n${" ".repeat(11)}`)}`)
}

/** A value as a JavaScript programmer writes it. */
export function asCode(value: unknown): string {
  return inspect(value, { breakLength: Infinity })
}

/** A cell of the database, with the middle of a token left out. */
export function asCell(cell: unknown): string {
  if (cell === null) return "NULL"
  if (typeof cell !== "string") return inspect(cell)
  return cell.length <= 32 ? cell : `${asShortCell(cell)}  (${cell.length} characters)`
}

/** The same, without its length. */
export function asShortCell(cell: unknown): string {
  const text = String(cell)
  return text.length <= 32 ? text : `${text.slice(0, 20)}…${text.slice(-8)}`
}

function wrap(text: string, width: number): string[] {
  const lines = [""]
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? ""
    if (line.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`
  }
  return lines
}
