import { SingleBar } from "cli-progress"

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
export type ProgressStream = Pick<NodeJS.WriteStream, "isTTY" | "write"> & NodeJS.WritableStream

const LINE_INTERVAL_MS = 3000
const EVENT_INTERVAL_MS = 1000

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

/** One bar for each phase of each table. */
function bar(stream: ProgressStream, doing: string): ProgressDisplay {
  let title: string | undefined
  let current: SingleBar | undefined
  const close = (): void => {
    current?.stop()
    current = undefined
  }
  return {
    show(progress) {
      const { done, total, ratePerSecond, etaSeconds } = progress
      const payload = { rate: formatCount(ratePerSecond), left: formatSeconds(etaSeconds) }
      if (title !== titleOf(progress, doing) || !current) {
        close()
        title = titleOf(progress, doing)
        current = newBar(stream, title)
        current.start(total, done, payload)
      }
      current.setTotal(total)
      current.update(done, payload)
    },
    say(_, text) {
      close()
      stream.write(`${text}\n`)
    },
    close,
  }
}

function newBar(stream: ProgressStream, title: string): SingleBar {
  return new SingleBar({
    format: `${title} [{bar}] {percentage}% | {value} of {total} rows | {rate}/s | {left} left`,
    formatValue: (value, _, type) => (type === "percentage" ? String(value) : formatCount(value)),
    barsize: 24,
    barCompleteChar: "=",
    barIncompleteChar: "-",
    stream,
    // Signals are the command's own affair, and a killed process shall leave the cursor visible
    gracefulExit: false,
    hideCursor: false,
  })
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
