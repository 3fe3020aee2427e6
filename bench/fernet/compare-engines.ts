import type { Contender } from "../measure/contender"
import { over, repeating } from "../measure/operation"
import { type Rounds, runRounds } from "../measure/rounds"
import { gather } from "../report/findings"
import type { Findings, Line, Point } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import { type Engine, engines, OURS, requireAgreement } from "./engine"
import type { FernetOptions } from "./options"
import { type Python, startPython } from "./python"
import { type Direction, peerTargets } from "./targets"
import { describeSize, ringKeys, textsOf } from "./texts"

/** A process of its own, which takes turns with this one. */
const PYTHON = "Python cryptography"

const [key = ""] = ringKeys

/** Compares this package with its peers, one size and direction after the other. */
export async function compareEngines(options: FernetOptions): Promise<Partial<Findings>> {
  const all = engines(key)
  requireAgreement(all, "Zoë 漢字")
  const python = startPython()
  try {
    const findings: Partial<Findings>[] = []
    for (const size of options.sizes) {
      for (const direction of ["encrypt", "decrypt"] as const) {
        const contenders = contendersFor(all, python, direction, size, options)
        const rounds = await runRounds(contenders, options.rounds)
        const names = contenders.map(({ name }) => name)
        findings.push(describe(rounds, names, direction, size))
      }
    }
    const skipped = python
      ? []
      : ["Python: python3 with its package `cryptography` is not installed."]
    const versions = python ? { [PYTHON]: python.version } : undefined
    return gather([...findings, { skipped, ...(versions ? { versions } : {}) }])
  } finally {
    python?.stop()
  }
}

function contendersFor(
  all: readonly Engine[],
  python: Python | undefined,
  direction: Direction,
  size: number,
  { seconds }: FernetOptions,
): readonly Contender[] {
  const texts = textsOf(size)
  const values = direction === "encrypt" ? texts : texts.map((text) => all[0]?.encrypt(text) ?? "")
  const inProcess = all.map((engine) => {
    const work = (value: string): string => engine[direction](value)
    return repeating(engine.name, over(values, work), { seconds })
  })
  if (!python) return inProcess
  return [...inProcess, python.contender(PYTHON, { key, direction, values, seconds })]
}

function describe(
  rounds: Rounds,
  names: readonly string[],
  direction: Direction,
  size: number,
): Partial<Findings> {
  const points = names.map((name): Point => {
    const perSecond = 1 / rounds.cost(name)
    return { chart: `fernet-${direction}`, at: size, series: name, value: perSecond }
  })
  const peers = names.filter((name) => name !== OURS)
  const lines = peers.map((name): Line => {
    const targets = peerTargets[name]
    return {
      group: `${direction} ${describeSize(size)}`,
      title: `against ${name}`,
      figure: rounds.speedRatio(OURS, name),
      unit: "× as fast",
      absolute: describeSecondsOf(rounds.cost(OURS), rounds.cost(name)),
      ...(targets && size <= targets.upTo ? { target: targets[direction] } : {}),
    }
  })
  return { lines, points }
}
