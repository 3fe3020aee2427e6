import type { BatchEngine, BatchResults } from "./batch-engine/batch-engine"
import { engineInUse } from "./batch-engine/engine-in-use"

/** Fewer are done sooner without the engine. */
const FEWEST_FOR_ENGINE = 4

/** Returns the engine for so many values, if it is in use and they are enough. */
export function engineFor({ length }: readonly unknown[]): BatchEngine | undefined {
  return length < FEWEST_FOR_ENGINE ? undefined : engineInUse()
}

/** Has what the engine left done in another way, and puts it where it belongs. */
export function completed<T, Value, R extends T | undefined>(
  { results, left }: BatchResults<T, Value>,
  finish: (values: readonly Value[]) => readonly R[],
): R[] {
  // Every other result is there, or is undefined where R allows it
  const all = results as R[]
  if (left.values.length > 0) {
    finish(left.values).forEach((result, i) => {
      all[left.positions[i] ?? 0] = result
    })
  }
  return all
}
