import { LIMITS } from "./layout"

/** Values, and where they were in a list. */
export interface Chunk<Value> {
  readonly values: Value[]
  readonly positions: number[]
}

/** A list of values, split. */
export interface Chunks<Value> {
  readonly chunks: readonly Chunk<Value>[]
  /** The values that no run takes. */
  readonly left: Chunk<Value>
}

/**
 * Splits values into chunks. They are copied before anything else is done with them: what a list runs
 * when it is read, as a getter, runs before the engine does.
 *
 * @param sizeOf - what a value takes of a chunk's capacity; more than all of it if no run takes it. It
 * throws for a value that is of another type than it says
 */
export function splitIntoChunks<Value>(
  values: readonly Value[],
  sizeOf: (value: Value) => number,
  capacity: number,
): Chunks<Value> {
  const chunks: Chunk<Value>[] = []
  const left: Chunk<Value> = { values: [], positions: [] }
  let room = 0
  let chunk: Chunk<Value> | undefined
  Array.from(values).forEach((value, position) => {
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

function add<Value>({ values, positions }: Chunk<Value>, value: Value, position: number): void {
  values.push(value)
  positions.push(position)
}
