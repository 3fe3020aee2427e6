import { clearLine, cursorTo } from "node:readline"

import type { BulkProgress } from "../bulk/options"
import { formatCount, formatSeconds } from "./format"

/** Shows how far a run is, and what happens beside it, on standard error. */
export interface ProgressDisplay {
  show(progress: BulkProgress): void
  /** Says something, in words for people and as an event for programs. */
  say(event: string, text: string): void
  /** Leaves the terminal as it was. */
  close(): void
}

/** Where a display writes: standard error, or what a test puts in its place. */
export type ProgressStream = Pick<NodeJS.WriteStream, "isTTY" | "write"> & {
  /** The width of a terminal. */
  readonly columns?: number
} & NodeJS.WritableStream

const LINE_INTERVAL_MS = 3000
const EVENT_INTERVAL_MS = 1000
const BAR_INTERVAL_MS = 100
const BAR_CELLS = 24

/**
 * Chooses a display: events as JSON lines if asked for, a bar on a terminal, else a line every few
 * seconds.
 *
 * @param doing - what the command does to a table, as in `"encrypting"`
 */
export function openDisplay(stream: ProgressStream, doing: string, json: boolean): ProgressDisplay {
  if (json) return eventLines(stream)
  return stream.isTTY ? bar(stream, doing) : plainLines(stream, doing)
}

function eventLines(stream: ProgressStream): ProgressDisplay {
  const write = (event: object): void => void stream.write(`${JSON.stringify(event)}\n`)
  return {
    show: throttled(EVENT_INTERVAL_MS, (progress) => {
      write({ event: "progress", ...progress })
    }),
    say(event, text) {
      write({ event, message: text })
    },
    close: () => undefined,
  }
}

function plainLines(stream: ProgressStream, doing: string): ProgressDisplay {
  return {
    show: throttled(LINE_INTERVAL_MS, (progress) => {
      const { done, total, ratePerSecond, etaSeconds } = progress
      stream.write(
        `${titleOf(progress, doing)}: ${formatCount(done)} of ${formatCount(total)} rows, ` +
          `${formatCount(ratePerSecond)}/s, ${formatSeconds(etaSeconds)} left\n`,
      )
    }),
    say: (_, text) => void stream.write(`${text}\n`),
    close: () => undefined,
  }
}

/** One line for each phase of each table, drawn over itself as the phase proceeds. */
function bar(stream: ProgressStream, doing: string): ProgressDisplay {
  let latest: BulkProgress | undefined
  const draw = (progress: BulkProgress): void => {
    cursorTo(stream, 0)
    const { columns = 0 } = stream
    // A line that is broken would not be drawn over, but below itself; 0 is a width that is not known
    stream.write(barLine(progress, doing).slice(0, columns > 0 ? columns - 1 : undefined))
    clearLine(stream, 1)
  }
  const drawSometimes = throttled(BAR_INTERVAL_MS, draw)
  const close = (): void => {
    if (!latest) return
    draw(latest)
    stream.write("\n")
    latest = undefined
  }
  return {
    show(progress) {
      const isNew = !latest || titleOf(latest, doing) !== titleOf(progress, doing)
      if (isNew) close()
      latest = progress
      if (isNew) draw(progress)
      else drawSometimes(progress)
    },
    say(_, text) {
      close()
      stream.write(`${text}\n`)
    },
    close,
  }
}

function barLine(progress: BulkProgress, doing: string): string {
  const { done, total, ratePerSecond, etaSeconds } = progress
  const part = total > 0 ? Math.min(1, done / total) : 1
  const drawn = "=".repeat(Math.round(part * BAR_CELLS)).padEnd(BAR_CELLS, "-")
  return (
    `${titleOf(progress, doing)} [${drawn}] ${Math.floor(part * 100)}% | ` +
    `${formatCount(done)} of ${formatCount(total)} rows | ` +
    `${formatCount(ratePerSecond)}/s | ${formatSeconds(etaSeconds)} left`
  )
}

function titleOf({ table, phase }: BulkProgress, doing: string): string {
  return `${phase === "audit" ? "checking" : doing} ${table}`
}

/** Passes a phase's progress on once in a while, and its end in any case. */
function throttled(
  intervalMs: number,
  show: (progress: BulkProgress) => void,
): (progress: BulkProgress) => void {
  let last = performance.now()
  return (progress) => {
    const now = performance.now()
    if (progress.done < progress.total && now - last < intervalMs) return
    last = now
    show(progress)
  }
}
