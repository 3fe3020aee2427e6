import { Bench } from "tinybench"

import type { Contender, Sample } from "./contender"

/** Something to repeat in this process. */
export interface Operation {
  /** Does it so many times. */
  run(times: number): unknown
  /** Makes ready for that, off the clock. */
  prepare?(times: number): unknown
}

/** For how long an operation is repeated, and how many times in one go. */
export interface Slot {
  /** Seconds of processor time. */
  readonly seconds: number
  /** Defaults to as many as take a quarter of the slot. */
  readonly times?: number
}

/** Processor time of this process, in milliseconds: other processes do not count, our own GC does. */
export function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Makes a contender of a synchronous operation. */
export function repeating(name: string, operation: Operation, slot: Slot): Contender {
  let times = slot.times
  return {
    name,
    sample: () => {
      times ??= timesFor(operation, slot.seconds / 4)
      return Promise.resolve(runSlot(name, operation, times, slot.seconds))
    },
  }
}

function runSlot(name: string, operation: Operation, times: number, seconds: number): Sample {
  const bench = newBench(seconds)
  let wall = 0
  let runs = 0
  bench.add(
    name,
    () => {
      const started = performance.now()
      operation.run(times)
      wall += performance.now() - started
      runs++
    },
    { async: false, beforeEach: () => void operation.prepare?.(times) },
  )
  bench.runSync()
  return { cpu: meanSeconds(bench) / times, wall: wall / 1000 / runs / times }
}

/** Something to repeat that waits for others. */
export interface AsyncOperation {
  run(): Promise<unknown>
  /** Makes ready for that, off the clock. */
  prepare?(): Promise<void>
}

/** Makes a contender of an asynchronous operation, done so many times for one sample. */
export function repeatingAsync(name: string, operation: AsyncOperation, iterations = 1): Contender {
  return {
    name,
    async sample() {
      const bench = newBench(0, iterations)
      let wall = 0
      bench.add(
        name,
        async () => {
          const started = performance.now()
          await operation.run()
          wall += performance.now() - started
        },
        { async: true, beforeEach: () => operation.prepare?.() },
      )
      await bench.run()
      return { cpu: meanSeconds(bench), wall: wall / 1000 / iterations }
    },
  }
}

function newBench(seconds: number, iterations = 2): Bench {
  const time = seconds * 1000
  return new Bench({ now: cpuMilliseconds, time, iterations, warmup: false, throws: true })
}

function meanSeconds(bench: Bench): number {
  const result = bench.tasks[0]?.result
  if (result?.state !== "completed") throw new Error("A benchmark did not run to its end.")
  return result.latency.mean / 1000
}

/** Finds how often the operation must be repeated to take so long, which warms it up as well. */
function timesFor(operation: Operation, seconds: number): number {
  for (let times = 1; ; times *= 2) {
    operation.prepare?.(times)
    const started = cpuMilliseconds()
    operation.run(times)
    const taken = (cpuMilliseconds() - started) / 1000
    if (taken >= seconds / 2) return Math.max(1, Math.round((times * seconds) / taken))
  }
}

/** Returns an operation that goes through inputs over and over. */
export function over<T>(inputs: readonly T[], work: (input: T) => unknown): Operation {
  return {
    run(times) {
      let last: unknown
      for (let done = 0; done < times;) {
        const end = Math.min(inputs.length, times - done)
        for (let i = 0; i < end; i++) last = work(inputs[i] as T)
        done += end
      }
      return last
    },
  }
}
