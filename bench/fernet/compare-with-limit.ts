import { Fernet } from "../../src/fernet/fernet"
import { over, repeating } from "../measure/operation"
import { runRounds } from "../measure/rounds"
import { figureOf } from "../measure/statistics"
import type { Findings, Line } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import { findOpenssl, type OpensslSpeed } from "./openssl"
import type { FernetOptions } from "./options"
import type { Direction } from "./targets"
import { describeSize, ringKeys, textsOf } from "./texts"

/** So large that calls cost little beside the bytes. */
const SIZE = 64 * 1024

/** Compares the engine with what AES and SHA-256 alone cost on this machine. */
export async function compareWithLimit(options: FernetOptions): Promise<Partial<Findings>> {
  const openssl = findOpenssl()
  if (!openssl) return { skipped: ["openssl speed: there is no openssl on the PATH."] }
  const lines: Line[] = []
  for (const direction of ["encrypt", "decrypt"] as const) {
    lines.push(await compare(openssl, direction, options))
  }
  return { lines, versions: { OpenSSL: openssl.version } }
}

async function compare(
  openssl: OpensslSpeed,
  direction: Direction,
  { rounds, seconds }: FernetOptions,
): Promise<Line> {
  const fernet = new Fernet(ringKeys[0] ?? "")
  const texts = textsOf(SIZE)
  const operation =
    direction === "encrypt"
      ? over(texts, (text) => fernet.encrypt(text))
      : over(
          texts.map((text) => fernet.encrypt(text)),
          (token) => fernet.decryptText(token),
        )
  const limits: number[] = []
  const costs: number[] = []
  // Each turn of openssl takes two seconds, so there are few
  for (let i = 0; i < rounds; i += 7) {
    limits.push(SIZE / openssl.bytesPerSecond(direction, SIZE))
    const measured = await runRounds([repeating("ours", operation, { seconds })], 3)
    costs.push(measured.cost("ours"))
  }
  const limit = figureOf(limits)
  return {
    group: `against openssl speed, ${describeSize(SIZE)}`,
    title: `${direction}: AES-128-CBC and SHA-256 alone`,
    figure: figureOf(costs.map((cost, i) => cost / (limits[i] ?? NaN))),
    unit: "× the cost",
    absolute: describeSecondsOf(figureOf(costs).median, limit.median),
  }
}
