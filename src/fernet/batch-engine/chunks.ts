import { LIMITS } from "./layout"

/** Values, and where they were in a list. */
export interface Chunk {
  readonly values: string[]
  readonly positions: number[]
}

/** A list of values, split. */
export interface Chunks {
  readonly chunks: readonly Chunk[]
  /** The values that no run takes. */
  readonly left: Chunk
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
  const left: Chunk = { values: [], positions: [] }
  let room = 0
  let chunk: Chunk | undefined
  Array.from(values).forEach((value, position) => {
    requireString(value)
    const size = sizeOf(value)
    if (size > capacity) {
      add(left, value, position)
      return
    }
    if (chunk === undefined || size > room || chunk.values.length === LIMITS.entries) {
      chunk = { values: [], positions: [] }
      chunks.push(chunk)
      room = capacity
    }
    room -= size
    add(chunk, value, position)
  })
  return { chunks, left }
}

function add({ values, positions }: Chunk, value: string, position: number): void {
  values.push(value)
  positions.push(position)
}

/** What is no string could run code when it is made one. */
function requireString(value: unknown): void {
  if (typeof value !== "string") throw new TypeError("A batch takes strings only.")
}
