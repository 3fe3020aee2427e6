import {
  type Code,
  countTo,
  doWhile,
  i32,
  i32x4,
  type Local,
  v128,
  when,
} from "../assembler/instructions"
import type { FunctionFrame, ModuleBuilder, WasmFunction } from "../assembler/module-builder"
import { HASH_BLOCK_BYTES, MAC_BYTES } from "../../token-mac"
import { AT, LANES, MOST_HASH_BLOCKS, VECTOR_BYTES } from "../layout"
import { bytes, Transposition, words } from "./lanes"
import { numberOf, setNumber } from "./tables"

const BLOCK_WORDS = 16
const STATE_WORDS = 8

/** What a group of four messages is given to a function as: their entries, and their hash blocks. */
const GROUP = { parameters: LANES + 1 } as const

/**
 * Defines HMAC-SHA-256 (RFC 2104) in four lanes, from the states after the two key blocks, which are
 * at {@link AT.keyStates}:
 *
 * - `absorb(a, b, c, d, blocks)` hashes whole blocks of the messages at four addresses, as many of
 *   each, from the state on;
 * - `verify(count, key)` notes which messages in slots have the MACs that came with them;
 * - `sign(count)` writes the MACs of messages in slots.
 */
export function defineHmac(module: ModuleBuilder, compress: WasmFunction): void {
  const absorb = defineAbsorb(module, compress)
  const macs = defineMacs(module, compress, absorb)
  const verifyGroup = defineVerifyGroup(module, macs)
  const signGroup = defineSignGroup(module, macs)
  module.define("verify", { parameters: 2 }, (frame) => {
    const [count, key] = frame.parameters as [Local, Local]
    return eachGroup(frame, count, (...group) => verifyGroup.call(...group, key))
  })
  module.define("sign", { parameters: 1 }, (frame) => {
    const [count] = frame.parameters as [Local]
    return eachGroup(frame, count, (...group) => signGroup.call(...group))
  })
}

function defineAbsorb(module: ModuleBuilder, compress: WasmFunction): WasmFunction {
  return module.define("absorb", GROUP, (frame) => {
    const [blocks, messages] = groupOf(frame)
    const transposition = new Transposition(frame)
    const body: Code[] = []
    for (let word = 0; word < BLOCK_WORDS; word += LANES) {
      const rows = messages.map((message) => v128.load(message, word * 4))
      const { first, columns } = transposition.of(rows)
      body.push(...first, ...storeWords(AT.words, word, columns))
    }
    body.push(compress.call(), ...messages.map((message) => message.increase(HASH_BLOCK_BYTES)))
    return [doWhile(body, blocks.tee(i32.sub(blocks, 1)))]
  })
}

/** `macs(a, b, c, d, blocks)`: the MACs of the messages in four slots, left in the state. */
function defineMacs(
  module: ModuleBuilder,
  compress: WasmFunction,
  absorb: WasmFunction,
): WasmFunction {
  return module.define("macs", GROUP, (frame) => {
    const [blocks, entries] = groupOf(frame)
    const slots = entries.map((entry) => numberOf(entry, AT.slots))
    return [
      ...loadKeyState(AT.keyStates),
      absorb.call(...slots, blocks),
      ...Array.from({ length: STATE_WORDS }, (_, i) =>
        v128.store(0, v128.load(0, AT.state + i * VECTOR_BYTES), AT.words + i * VECTOR_BYTES),
      ),
      ...padInnerHash(),
      ...loadKeyState(AT.keyStates + MAC_BYTES),
      compress.call(),
    ]
  })
}

/** Puts one of the key's states in every lane. */
function loadKeyState(at: number): Code[] {
  return Array.from({ length: STATE_WORDS }, (_, i) =>
    v128.store(0, v128.loadSplat32(0, at + i * 4), AT.state + i * VECTOR_BYTES),
  )
}

/** The outer hash is that of the outer key block and the inner hash, 96 bytes in all. */
function padInnerHash(): Code[] {
  const bits = (HASH_BLOCK_BYTES + MAC_BYTES) * 8
  const padding = [0x8000_0000, 0, 0, 0, 0, 0, 0, bits]
  return padding.map((word, i) =>
    v128.store(0, words(word), AT.words + (STATE_WORDS + i) * VECTOR_BYTES),
  )
}

/**
 * `verifyGroup(a, b, c, d, blocks, key)`: where the MAC is right, notes the key and that nothing is left
 * to be hashed. All 32 bytes of all lanes are compared, whatever the first of them are, and nothing
 * branches on what was found.
 */
function defineVerifyGroup(module: ModuleBuilder, macs: WasmFunction): WasmFunction {
  return module.define("verifyGroup", { parameters: LANES + 2 }, (frame) => {
    const [blocks, entries, key] = groupOf(frame)
    const transposition = new Transposition(frame)
    const difference = frame.local("v128")
    const verdict = frame.local("i32")
    const code: Code[] = [macs.call(...entries, blocks), difference.set(bytes(0))]
    for (let word = 0; word < STATE_WORDS; word += LANES) {
      const rows = entries.map((entry) => v128.load(i32.mul(entry, MAC_BYTES), AT.macs + word * 4))
      const { first, columns } = transposition.of(rows)
      code.push(...first)
      columns.forEach((lanes, i) => {
        const right = v128.load(0, AT.state + (word + i) * VECTOR_BYTES)
        code.push(difference.set(v128.or(difference, v128.xor(lanes, right))))
      })
    }
    code.push(difference.set(i32x4.eq(difference, bytes(0))))
    entries.forEach((entry, lane) => {
      const left = numberOf(entry, AT.hashBlocks)
      code.push(
        verdict.set(i32x4.lane(difference, lane)),
        // Nothing would be left to be hashed if another key had opened it
        setNumber(entry, AT.openedBy, i32.and(verdict, key)),
        setNumber(entry, AT.hashBlocks, i32.and(left, i32.xor(verdict, -1))),
      )
    })
    return code
  })
}

/** `signGroup(a, b, c, d, blocks)`: writes each MAC where it is to go. */
function defineSignGroup(module: ModuleBuilder, macs: WasmFunction): WasmFunction {
  return module.define("signGroup", GROUP, (frame) => {
    const [blocks, entries] = groupOf(frame)
    const transposition = new Transposition(frame)
    const code: Code[] = [macs.call(...entries, blocks)]
    for (let word = 0; word < STATE_WORDS; word += LANES) {
      const rows = Array.from({ length: LANES }, (_, i) =>
        v128.load(0, AT.state + (word + i) * VECTOR_BYTES),
      )
      const { first, columns } = transposition.of(rows)
      code.push(...first)
      entries.forEach((entry, lane) => {
        code.push(v128.store(numberOf(entry, AT.macAt), columns[lane] ?? 0, word * 4))
      })
    }
    return code
  })
}

/**
 * Gathers, for each number of hash blocks, the entries that have so many left, and does something
 * with four of them at a time. The last entry fills up the last group.
 */
function eachGroup(
  { local }: FunctionFrame,
  count: Local,
  body: (...group: readonly [Code, Code, Code, Code, Local]) => Code,
): Code[] {
  const [blocks, found, at, entry] = [local("i32"), local("i32"), local("i32"), local("i32")]
  const inGroup = (lane: number): Code => numberOf(i32.add(at, lane), AT.order)
  const fill = (lane: number): Code => setNumber(i32.add(found, lane), AT.order, entry)
  const gather = when(
    i32.eq(numberOf(entry, AT.hashBlocks), blocks),
    setNumber(found, AT.order, entry),
    found.increase(1),
  )
  const groups = doWhile(
    [body(inGroup(0), inGroup(1), inGroup(2), inGroup(3), blocks)],
    i32.ltU(at.tee(i32.add(at, LANES)), found),
  )
  return [
    blocks.set(1),
    doWhile(
      [
        found.set(0),
        countTo(count, entry, gather),
        when(
          found,
          entry.set(numberOf(i32.sub(found, 1), AT.order)),
          ...[0, 1, 2].map(fill),
          at.set(0),
          groups,
        ),
      ],
      i32.leU(blocks.tee(i32.add(blocks, 1)), MOST_HASH_BLOCKS),
    ),
  ]
}

/** The parameters of a function that takes a group; a further one comes last. */
function groupOf({ parameters }: FunctionFrame): [blocks: Local, entries: Local[], further: Local] {
  const [a, b, c, d, blocks, further] = parameters as [Local, Local, Local, Local, Local, Local]
  return [blocks, [a, b, c, d], further]
}

function storeWords(region: number, first: number, lanes: readonly Code[]): Code[] {
  return lanes.map((word, i) => v128.store(0, word, region + (first + i) * VECTOR_BYTES))
}
