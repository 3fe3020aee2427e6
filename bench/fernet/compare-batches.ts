import { Keyring } from "../../src/fernet/keyring"
import { over, repeating } from "../measure/operation"
import { runRounds } from "../measure/rounds"
import type { Findings, Line } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import type { FernetOptions } from "./options"
import { batchTarget } from "./targets"
import { describeSize, ringKeys, textsOf } from "./texts"

/** Values in one batch, as of a page of rows. */
const BATCH = 1000
/** Up to which size the target is to be reached. */
const SMALL = 64

/** Compares many at once, as bulk commands do, with one by one. */
export async function compareBatches(options: FernetOptions): Promise<Partial<Findings>> {
  const lines: Line[] = []
  for (const size of options.sizes.filter((bytes) => bytes <= 256)) {
    lines.push(...(await compareAt(size, options)))
  }
  return { lines }
}

async function compareAt(
  size: number,
  { rounds, seconds }: FernetOptions,
): Promise<readonly Line[]> {
  const [first = "", second = ""] = ringKeys
  const ring = new Keyring([first, second])
  const before = new Keyring([second])
  const texts = textsOf(size, BATCH)
  const tokens = texts.map((text) => before.encrypt(text))
  const measured = await runRounds(
    [
      repeating(
        "encrypt",
        over(texts, (text) => ring.encrypt(text)),
        { seconds },
      ),
      repeating(
        "encryptMany",
        over([texts], (all) => ring.encryptMany(all)),
        { seconds },
      ),
      repeating(
        "rotate",
        over(tokens, (token) => ring.rotate(token)),
        { seconds },
      ),
      repeating(
        "rotateMany",
        over([tokens], (all) => ring.rotateMany(all)),
        { seconds },
      ),
    ],
    rounds,
  )
  return (["encrypt", "rotate"] as const).map((name) => {
    const { median, low, high } = measured.speedRatio(`${name}Many`, name)
    const many = measured.cost(`${name}Many`) / BATCH
    return {
      group: `batch of ${BATCH}, against one by one`,
      title: `${name} ${describeSize(size)}`,
      figure: { median: median * BATCH, low: low * BATCH, high: high * BATCH },
      unit: "× as fast",
      absolute: describeSecondsOf(many, measured.cost(name)),
      ...(name === "encrypt" && size <= SMALL ? { target: batchTarget } : {}),
    }
  })
}
