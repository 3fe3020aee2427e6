import type { BulkProgress } from "typeorm-fernet"

/** Returns what shows the progress of bulk work on the terminal, a line for every batch. */
export function showProgress(verb: string): (progress: BulkProgress) => void {
  return ({ table, phase, done, total, etaSeconds }) => {
    if (phase !== "change") return
    process.stderr.write(
      `${verb} ${table}: ${done} of ${total} rows, ${Math.ceil(etaSeconds)} s left\n`,
    )
  }
}
