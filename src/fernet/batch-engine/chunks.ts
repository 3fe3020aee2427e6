import { LIMITS } from "./layout"

/** Values that one run takes, and where they were in the list. */
export interface Chunk {
  readonly values: string[]
  readonly positions: number[]
}

/** A list of values, split. */
export interface Chunks {
  readonly chunks: readonly Chunk[]
  /** The positions of values that no run takes. */
  readonly left: readonly number[]
}

/**
 * Splits values into chunks. They are copied before anything else is done with them: what a list runs
 * when it is read, as a getter, runs before the engine does.
 *
 * @param sizeOf - what a value takes of a chunk's capacity; more than all of it if no run takes it
 * @throws TypeError if a value is not a string
 */
export function splitIntoChunks(
  values: readonly string[],
  sizeOf: (value: string) => number,
  capacity: number,
): Chunks {
  const chunks: Chunk[] = []
  const left: number[] = []
  let room = 0
  let chunk: Chunk | undefined
  Array.from(values).forEach((value, position) => {
    requireString(value)
    const size = sizeOf(value)
    if (size > capacity) {
      left.push(position)
      return
    }
    if (chunk === undefined || size > room || chunk.values.length === LIMITS.entries) {
      chunk = { values: [], positions: [] }
      chunks.push(chunk)
      room = capacity
    }
    room -= size
    chunk.values.push(value)
    chunk.positions.push(position)
  })
  return { chunks, left }
}

/** What is no string could run code when it is made one. */
function requireString(value: unknown): void {
  if (typeof value !== "string") throw new TypeError("A batch takes strings only.")
}
