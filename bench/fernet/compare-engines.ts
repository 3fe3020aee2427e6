import { type Job, type Opened, runApart } from "../measure/apart"
import { over, repeating } from "../measure/operation"
import type { Rounds } from "../measure/rounds"
import { gather } from "../report/findings"
import type { Findings, Line, Point } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import { engines, OURS, requireAgreement } from "./engine"
import type { FernetOptions } from "./options"
import { type PythonJob, startPython } from "./python"
import { type Direction, peerTargets } from "./targets"
import { describeSize, ringKeys, textsOf } from "./texts"

const PYTHON = "Python cryptography"

const [key = ""] = ringKeys

/** What the process of one engine does whenever its turn comes. */
type EngineJob = Job & PythonJob

/** Compares this package with its peers, one size and direction after the other. */
export async function compareEngines(options: FernetOptions): Promise<Partial<Findings>> {
  const all = engines(key)
  requireAgreement(all, "Zoë 漢字")
  const python = startPython()
  try {
    const findings: Partial<Findings>[] = []
    for (const size of options.sizes) {
      for (const direction of ["encrypt", "decrypt"] as const) {
        const texts = textsOf(size)
        const values =
          direction === "encrypt" ? texts : texts.map((text) => all[0]?.encrypt(text) ?? "")
        const job = { key, direction, values, seconds: options.seconds }
        const jobs = all.map(({ name }): EngineJob => ({ name, ...job }))
        const others = python ? [python.contender(PYTHON, job)] : []
        const rounds = await runApart(__filename, jobs, options.rounds, others)
        const names = [...jobs, ...others].map(({ name }) => name)
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

/** Makes the contender of one engine. */
export function openContender({ name, direction, values, seconds }: EngineJob): Opened {
  const engine = engines(key).find((known) => known.name === name)
  if (!engine) throw new Error(`There is no engine "${name}".`)
  return repeating(
    name,
    over(values, (value) => engine[direction](value)),
    { seconds },
  )
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
