import { cpus, loadavg, totalmem } from "node:os"

/** Where figures come from. */
export interface Machine {
  readonly processor: string
  readonly memory: string
  /** Load averages when the run began: figures of a busy machine are worth less. */
  readonly load: readonly number[]
  readonly platform: string
  readonly node: string
}

/** Describes this machine. */
export function thisMachine(): Machine {
  return {
    processor: `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    load: loadavg().map((load) => Number(load.toFixed(1))),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
  }
}

/** Says whether others worked as well: the part before keeps one processor busy, or two at most. */
export function isBusy({ load: [lastMinute = 0] }: Machine): boolean {
  return lastMinute > 2.5
}
