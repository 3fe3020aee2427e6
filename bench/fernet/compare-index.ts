import { createHmac, hkdfSync } from "node:crypto"

import { Keyring } from "../../src/fernet/keyring"
import { BlindIndexer } from "../../src/search/blind-indexer"
import { type Job, type Opened, runApart } from "../measure/apart"
import { over, repeating } from "../measure/operation"
import type { Findings } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import type { FernetOptions } from "./options"
import { ringKeys, textsOf } from "./texts"

/** Values in one batch, as of an INSERT of many rows. */
const BATCH = 1000

const contenders = ["ours", "createHmac", "batch"] as const

/** What the process of one contender does whenever its turn comes. */
interface IndexJob extends Job {
  readonly name: (typeof contenders)[number]
  readonly seconds: number
}

/** Compares the digests of a blind index, one by one and in a batch, with `createHmac`, given the derived key. */
export async function compareIndex({ rounds, seconds }: FernetOptions): Promise<Partial<Findings>> {
  const jobs = contenders.map((name): IndexJob => ({ name, seconds }))
  const measured = await runApart(__filename, jobs, rounds)
  const batched = measured.speedRatio("batch", "ours")
  return {
    lines: [
      {
        group: "blind index, 64 B",
        title: "digest, against createHmac alone",
        figure: measured.speedRatio("ours", "createHmac"),
        unit: "× as fast",
        absolute: describeSecondsOf(measured.cost("ours"), measured.cost("createHmac")),
      },
      {
        group: "blind index, 64 B",
        title: `digests of a batch of ${BATCH}, against one by one`,
        figure: {
          median: batched.median * BATCH,
          low: batched.low * BATCH,
          high: batched.high * BATCH,
        },
        unit: "× as fast",
        absolute: describeSecondsOf(measured.cost("batch") / BATCH, measured.cost("ours")),
      },
    ],
  }
}

/** Makes one contender. */
export function openContender({ name, seconds }: IndexJob): Opened {
  const [key = ""] = ringKeys
  const indexer = new BlindIndexer(
    { context: "patient.email", normalize: [], bits: 128 },
    new Keyring([key]),
  )
  const derived = Buffer.from(hkdfSync("sha256", key, "", "patient.email", 32))
  const texts = textsOf(64)
  const batch = textsOf(64, BATCH).map((text) => [text])
  const operations = {
    ours: over(texts, (text) => indexer.stored([text])),
    createHmac: over(texts, (text) => createHmac("sha256", derived).update(text).digest("hex")),
    batch: over([batch], (all) => indexer.storedMany(all)),
  }
  return repeating(name, operations[name], { seconds })
}
