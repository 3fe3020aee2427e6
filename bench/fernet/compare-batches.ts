import { Keyring } from "../../src/fernet/keyring"
import { type Operation, over, repeating } from "../measure/operation"
import { type Rounds, runRounds } from "../measure/rounds"
import type { Findings, Line } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import type { FernetOptions } from "./options"
import { StraightforwardFernet } from "./straightforward"
import { type BatchWay, batchTargets } from "./targets"
import { describeSize, ringKeys, textsOf } from "./texts"
import { keyringWithoutEngine } from "./without-engine"

/** Values in one batch, as of a page of rows. */
const BATCH = 1000
/** Up to which size the targets are to be reached. */
const SMALL = 64
/** Sizes of values in batches, in bytes; longer ones cost what they cost one by one. */
const SIZES = [8, 64, 256] as const

const ways = ["decrypt", "encrypt", "rotate"] as const

/** Compares many at once with the same by node:crypto alone, and with one by one. */
export async function compareBatches(options: FernetOptions): Promise<Partial<Findings>> {
  const lines: Line[] = []
  for (const size of SIZES) {
    for (const way of ways) lines.push(...(await compareAt(way, size, options)))
  }
  return { lines }
}

async function compareAt(
  way: BatchWay,
  size: number,
  { rounds, seconds }: FernetOptions,
): Promise<readonly Line[]> {
  const texts = textsOf(size, BATCH)
  const contenders = Object.entries(operationsFor(texts)[way])
  const measured = await runRounds(
    contenders.map(([name, operation]) => repeating(name, operation, { seconds })),
    rounds,
  )
  const against = [
    ["the same by node:crypto alone", "withoutEngine", 1],
    ["straightforward node:crypto, one by one", "straightforward", BATCH],
    ["one by one", "single", BATCH],
  ] as const
  return against.map(([title, name, calls]) =>
    describe(
      measured,
      { title: `${way} ${describeSize(size)}, against ${title}`, name, calls },
      size,
    ),
  )
}

interface Comparison {
  readonly title: string
  readonly name: "single" | "straightforward" | "withoutEngine"
  /** Calls of it that do what one batch does. */
  readonly calls: number
}

function describe(measured: Rounds, { title, name, calls }: Comparison, size: number): Line {
  const { median, low, high } = measured.speedRatio("batch", name)
  const target = size <= SMALL && name !== "single" ? { target: batchTargets[name] } : {}
  return {
    group: `batch of ${BATCH}`,
    title,
    figure: { median: median * calls, low: low * calls, high: high * calls },
    unit: "× as fast",
    absolute: describeSecondsOf(
      measured.cost("batch") / BATCH,
      (measured.cost(name) * calls) / BATCH,
    ),
    ...target,
  }
}

function operationsFor(
  texts: readonly string[],
): Readonly<Record<BatchWay, Readonly<Record<Comparison["name"] | "batch", Operation>>>> {
  const [first = "", second = ""] = ringKeys
  const ring = new Keyring([first, second])
  const native = keyringWithoutEngine([first, second])
  const [plain, plainBefore] = [first, second].map((key) => new StraightforwardFernet(key)) as [
    StraightforwardFernet,
    StraightforwardFernet,
  ]
  const tokens = texts.map((text) => ring.encrypt(text))
  const stale = texts.map((text) => plainBefore.encrypt(text))
  return {
    decrypt: {
      batch: over([tokens], (all) => ring.decryptMany(all)),
      withoutEngine: over([tokens], (all) => native.decryptMany(all)),
      single: over(tokens, (token) => ring.decryptText(token)),
      straightforward: over(tokens, (token) => plain.decrypt(token)),
    },
    encrypt: {
      batch: over([texts], (all) => ring.encryptMany(all)),
      withoutEngine: over([texts], (all) => native.encryptMany(all)),
      single: over(texts, (text) => ring.encrypt(text)),
      straightforward: over(texts, (text) => plain.encrypt(text)),
    },
    rotate: {
      batch: over([stale], (all) => ring.rotateMany(all)),
      withoutEngine: over([stale], (all) => native.rotateMany(all)),
      single: over(stale, (token) => ring.rotate(token)),
      straightforward: over(stale, (token) => plain.encrypt(plainBefore.decrypt(token))),
    },
  }
}
