import { Keyring } from "../../src/fernet/keyring"
import { type Job, type Opened, runApart } from "../measure/apart"
import { type Operation, over, repeating } from "../measure/operation"
import type { Rounds } from "../measure/rounds"
import type { Findings, Line } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import type { FernetOptions } from "./options"
import { StraightforwardFernet } from "./straightforward"
import { type BatchWay, batchTargets } from "./targets"
import { describeSize, ringKeys, textsOf } from "./texts"

/** Values in one batch, as of a page of rows. */
const BATCH = 1000
/** Up to which size the targets are to be reached. */
const SMALL = 64
/** Sizes of values in batches, in bytes; longer ones cost what they cost one by one. */
const SIZES = [8, 64, 256] as const

const ways = ["decrypt", "encrypt", "rotate"] as const
const contenders = ["batch", "withoutEngine", "single", "straightforward"] as const

/** What the process of one contender does whenever its turn comes. */
interface BatchJob extends Job {
  readonly name: (typeof contenders)[number]
  readonly way: BatchWay
  readonly size: number
  readonly seconds: number
}

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
  const jobs = contenders.map((name): BatchJob => ({ name, way, size, seconds }))
  const measured = await runApart(__filename, jobs, rounds)
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
  readonly name: Exclude<BatchJob["name"], "batch">
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

/** Makes one contender. */
export function openContender({ name, way, size, seconds }: BatchJob): Opened {
  // The engine is decided on with the first batch of a process
  if (name === "withoutEngine") process.env.TYPEORM_FERNET_BATCH_ENGINE = "off"
  return repeating(name, operationsFor(textsOf(size, BATCH), name)[way], { seconds })
}

function operationsFor(
  texts: readonly string[],
  name: BatchJob["name"],
): Readonly<Record<BatchWay, Operation>> {
  const [first = "", second = ""] = ringKeys
  const ring = new Keyring([first, second])
  const [plain, plainBefore] = [first, second].map((key) => new StraightforwardFernet(key)) as [
    StraightforwardFernet,
    StraightforwardFernet,
  ]
  const tokens = texts.map((text) => ring.encrypt(text))
  const stale = texts.map((text) => plainBefore.encrypt(text))
  switch (name) {
    case "batch":
    case "withoutEngine":
      return {
        decrypt: over([tokens], (all) => ring.decryptMany(all)),
        encrypt: over([texts], (all) => ring.encryptMany(all)),
        rotate: over([stale], (all) => ring.rotateMany(all)),
      }
    case "single":
      return {
        decrypt: over(tokens, (token) => ring.decryptText(token)),
        encrypt: over(texts, (text) => ring.encrypt(text)),
        rotate: over(stale, (token) => ring.rotate(token)),
      }
    case "straightforward":
      return {
        decrypt: over(tokens, (token) => plain.decrypt(token)),
        encrypt: over(texts, (text) => plain.encrypt(text)),
        rotate: over(stale, (token) => plain.encrypt(plainBefore.decrypt(token))),
      }
  }
}
