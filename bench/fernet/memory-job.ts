import type { Direction } from "./targets"

/** What a process of its own is asked. */
export interface MemoryJob {
  readonly direction: Direction
  /** How often to do it while the resident set is watched; 0 to count allocations instead. */
  readonly operations: number
}

/**
 * What it found: megabytes of resident set after each tenth of the operations, or bytes allocated by
 * one operation, on the heap and beside it, in several tries.
 */
export type MemoryFigures = readonly number[]
