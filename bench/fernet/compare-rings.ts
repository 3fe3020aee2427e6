import { Keyring } from "../../src/fernet/keyring"
import type { Contender } from "../measure/contender"
import { type Operation, over, repeating } from "../measure/operation"
import { runRounds } from "../measure/rounds"
import type { Findings, Line } from "../report/line"
import { describeSecondsOf } from "../report/quantity"
import type { FernetOptions } from "./options"
import { ringTargets } from "./targets"
import { ringKeys, textsOf } from "./texts"

const ONE = "one key"
const LARGEST = 6
const DERIVED = "a column's own key"

/**
 * Compares rings in which the last key signed with one key, and a key derived for a column as well. A warm ring has opened such a token
 * before and tries that key first; a cold one has not, and tries every other key before.
 */
export async function compareRings({ rounds, seconds }: FernetOptions): Promise<Partial<Findings>> {
  const signer = new Keyring([ringKeys.at(-1) ?? ""])
  const tokens = textsOf(64).map((text) => signer.encrypt(text))
  const open = (ring: Keyring): Operation => over(tokens, (token) => ring.decryptText(token))
  const contenders: Contender[] = [repeating(ONE, open(signer.fork()), { seconds })]
  const column = signer.forColumn(["patient", "ssn"], "only")
  const moved = textsOf(64).map((text) => column.encrypt(text))
  contenders.push(
    repeating(
      DERIVED,
      over(moved, (token) => column.decryptText(token)),
      { seconds },
    ),
  )
  for (const size of [3, LARGEST]) {
    const ring = new Keyring(ringKeys.slice(-size))
    contenders.push(
      repeating(`${size} keys, warm`, open(ring.fork()), { seconds }),
      repeating(`${size} keys, cold`, coldly(ring, tokens), { seconds }),
    )
  }
  // In one process: all are ours, and leave as much garbage as each other
  const measured = await runRounds(contenders, rounds)
  const lines = contenders.slice(1).map(({ name }): Line => {
    const target = targetOf(name)
    return {
      group: "keyring, right key last, decrypt 64 B",
      title: `${name}, against ${ONE}`,
      figure: measured.costRatio(name, ONE),
      unit: "× the cost",
      absolute: describeSecondsOf(measured.cost(name), measured.cost(ONE)),
      ...(target && { target }),
    }
  })
  return { lines }
}

function targetOf(name: string): Line["target"] {
  if (name === DERIVED) return ringTargets.derived
  if (!name.startsWith(`${LARGEST} `)) return undefined
  return name.endsWith("warm") ? ringTargets.warm : ringTargets.cold
}

/** Opens each token with a ring that has opened none before; making those is off the clock. */
function coldly(ring: Keyring, tokens: readonly string[]): Operation {
  let rings: Keyring[] = []
  return {
    prepare(times) {
      rings = Array.from({ length: times }, () => ring.fork())
    },
    run(times) {
      let last: unknown
      for (let i = 0; i < times; i++) last = rings[i]?.decryptText(tokens[i % tokens.length] ?? "")
      return last
    },
  }
}
