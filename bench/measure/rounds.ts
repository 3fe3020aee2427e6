import type { Contender, Sample } from "./contender"
import { type Figure, figureOf, median, pairedRatio } from "./statistics"

/** The samples of several contenders, round by round. */
export class Rounds {
  readonly #samples: ReadonlyMap<string, readonly Sample[]>

  constructor(samples: ReadonlyMap<string, readonly Sample[]>) {
    this.#samples = samples
  }

  /** Whether a contender took part. */
  has(name: string): boolean {
    return this.#samples.has(name)
  }

  /** The median cost of one operation, in seconds. */
  cost(name: string, clock: keyof Sample = "cpu"): number {
    return median(this.#costs(name, clock))
  }

  /** How many times the cost of `reference` that of `subject` is. */
  costRatio(subject: string, reference: string, clock: keyof Sample = "cpu"): Figure {
    return pairedRatio(this.#costs(subject, clock), this.#costs(reference, clock))
  }

  /** How many times as fast as `reference` the `subject` is. */
  speedRatio(subject: string, reference: string, clock: keyof Sample = "cpu"): Figure {
    return this.costRatio(reference, subject, clock)
  }

  /** How many seconds more than `reference` the `subject` takes. */
  difference(subject: string, reference: string, clock: keyof Sample = "cpu"): Figure {
    const [above, below] = [this.#costs(subject, clock), this.#costs(reference, clock)]
    return figureOf(above.map((cost, i) => cost - (below[i] ?? NaN)))
  }

  #costs(name: string, clock: keyof Sample): readonly number[] {
    const samples = this.#samples.get(name)
    if (!samples) throw new Error(`${name} did not take part.`)
    return samples.map((sample) => sample[clock])
  }
}

/**
 * Lets contenders take turns: to warm up, once by default, and then so many rounds. Each round begins
 * with the next one, and every other round goes backwards, so that none always runs after the same
 * other.
 */
export async function runRounds(
  contenders: readonly Contender[],
  rounds: number,
  warmUps = 1,
): Promise<Rounds> {
  const samples = new Map(contenders.map(({ name }) => [name, [] as Sample[]]))
  for (let turn = 0; turn < warmUps; turn++) {
    for (const contender of contenders) await contender.sample()
  }
  for (let round = 0; round < rounds; round++) {
    for (const contender of turns(contenders, round)) {
      samples.get(contender.name)?.push(await contender.sample())
    }
  }
  return new Rounds(samples)
}

/** Returns the order of one round. */
export function turns<T>(all: readonly T[], round: number): readonly T[] {
  const first = round % all.length
  const rotated = [...all.slice(first), ...all.slice(0, first)]
  return round % 2 === 1 ? rotated.reverse() : rotated
}
