import type { DataSourceOptions } from "typeorm"

import type { ServerReading } from "./server-reading"

/** What a process of its own is to do, and be measured at. */
export interface Job {
  readonly task: Task
  readonly connection: DataSourceOptions
  readonly rows: number
}

/**
 * `encrypt, unproven` sends the same statements without what proves that the server stored what was
 * meant. `save` is the loop of the usual guides; `verify` opens every cell and compares.
 */
export type Task =
  | "encrypt"
  | "encrypt, audited"
  | "encrypt, unproven"
  | "rotate"
  | "rotate, audited"
  | "save"
  | "scan"
  | "verify"

/** What came of it. */
export interface Outcome {
  readonly seconds: number
  /** The largest resident set of the process so far. */
  readonly megabytes: number
  /** Processor time of the process meanwhile. */
  readonly cpuSeconds: number
  /** What the server spent meanwhile, where it can be asked. */
  readonly server?: ServerReading
}

/** What the benchmark encrypts: 24 characters, which make a token of 120. */
export function emailOf(id: number): string {
  return `${String(id).padStart(12, "0")}@example.org`
}

/** Keys of no value: the first is the one before a rotation, the second the one after. */
export const benchKeys = [
  "Tm8uIDE6IGtleSBvZiBubyB2YWx1ZTogYmVuY2htYXI=",
  "Tm8uIDI6IGtleSBvZiBubyB2YWx1ZTogYmVuY2htYXI=",
] as const
