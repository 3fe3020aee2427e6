import { type Code, countTo, i32, i8x16, type Local, v128, when } from "../assembler/instructions"
import type { ModuleBuilder, WasmFunction } from "../assembler/module-builder"
import { MAC_BYTES } from "../../token-mac"
import { BLOCK_BYTES } from "../../token-scratch"
import { AT, HEAD_BYTES, VECTOR_BYTES } from "../layout"
import { encode } from "./base64url"
import { bytes } from "./lanes"
import { allOf } from "./opening"
import { copyVectors, hashBlocks, nextSlot, signedLength } from "./slots"
import { numberOf, setNumber } from "./tables"

const VERSION = 0x80
const EQUALS_SIGN = 0x3d

/**
 * Defines `pack(count)`: puts the texts that lie in {@link AT.text}, padded, in {@link AT.cipherInput},
 * each behind a random block, which {@link AT.cipherOutput} has. Returns how many bytes that are.
 */
export function definePack(module: ModuleBuilder): WasmFunction {
  return module.define("pack", { parameters: 1, results: 1 }, ({ parameters, local }) => {
    const [count] = parameters as [Local]
    const [entry, text, random, to] = [local("i32"), local("i32"), local("i32"), local("i32")]
    const [length, whole, rest, at] = [local("i32"), local("i32"), local("i32"), local("i32")]
    const firstOnes = v128.load(i32.sub(AT.masks + 2 * VECTOR_BYTES, rest))
    const padding = i8x16.splat(i32.sub(BLOCK_BYTES, rest))
    return [
      text.set(AT.text),
      random.set(AT.cipherOutput),
      to.set(AT.cipherInput),
      countTo(
        count,
        entry,
        length.set(numberOf(entry, AT.lengths)),
        whole.set(i32.divU(length, BLOCK_BYTES)),
        rest.set(i32.and(length, BLOCK_BYTES - 1)),
        setNumber(entry, AT.blocks, i32.add(whole, 1)),
        setNumber(entry, AT.openedBy, 1),
        setNumber(entry, AT.cipherAt, i32.sub(to, AT.cipherInput)),
        v128.store(to, v128.load(random)),
        random.increase(BLOCK_BYTES),
        to.increase(BLOCK_BYTES),
        at.set(text),
        when(whole, copyVectors(at, to, whole)),
        v128.store(to, v128.select(v128.load(at), padding, firstOnes)),
        to.increase(BLOCK_BYTES),
        text.increase(length),
      ),
      i32.sub(to, AT.cipherInput),
    ]
  })
}

/**
 * Defines `renew(count)`: puts random blocks, which {@link AT.cipherOutput} has, before the plaintexts of
 * opened tokens. Returns 1 if all of those end with padding.
 */
export function defineRenew(module: ModuleBuilder, paddingBefore: WasmFunction): WasmFunction {
  return module.define("renew", { parameters: 1, results: 1 }, ({ parameters, local }) => {
    const [count] = parameters as [Local]
    const [entry, random, to, padded] = [local("i32"), local("i32"), local("i32"), local("i32")]
    const end = i32.add(to, i32.mul(i32.add(numberOf(entry, AT.blocks), 1), BLOCK_BYTES))
    return [
      random.set(AT.cipherOutput),
      padded.set(1),
      countTo(
        count,
        entry,
        when(
          numberOf(entry, AT.openedBy),
          to.set(i32.add(numberOf(entry, AT.cipherAt), AT.cipherInput)),
          v128.store(to, v128.load(random)),
          random.increase(BLOCK_BYTES),
          padded.set(allOf(padded.get, i32.ne(paddingBefore.call(end), 0))),
        ),
      ),
      padded.get,
    ]
  })
}

/**
 * Defines `begin(count, high, low)`: gives each text a slot with the head of a new token, its timestamp
 * in two words, and the padding of SHA-256. Returns where the slots end.
 */
export function defineBegin(module: ModuleBuilder, pad: WasmFunction): WasmFunction {
  return module.define("begin", { parameters: 3, results: 1 }, ({ parameters, local }) => {
    const [count, high, low] = parameters as [Local, Local, Local]
    const [entry, slot] = [local("i32"), local("i32")]
    const bigEndian = (word: Local, at: number): Code[] =>
      [24, 16, 8, 0].map((shift, i) => i32.store8(slot, i32.shrU(word, shift), at + i))
    return [
      slot.set(AT.slotBytes),
      countTo(
        count,
        entry,
        setNumber(entry, AT.slots, slot),
        i32.store8(slot, VERSION),
        ...bigEndian(high, 1),
        ...bigEndian(low, 1 + 4),
        nextSlot(slot, pad.call(slot, signedLength(numberOf(entry, AT.blocks)))),
      ),
      slot.get,
    ]
  })
}

/**
 * Defines `scatter(count)`: copies IVs and ciphertexts from {@link AT.cipherOutput} to the slots of opened
 * tokens, or of those that are made, and leaves no others to be signed.
 */
export function defineScatter(module: ModuleBuilder): WasmFunction {
  return module.define("scatter", { parameters: 1 }, ({ parameters, local }) => {
    const [count] = parameters as [Local]
    const [entry, from, to, vectors] = [local("i32"), local("i32"), local("i32"), local("i32")]
    return [
      countTo(
        count,
        entry,
        setNumber(entry, AT.hashBlocks, 0),
        when(
          numberOf(entry, AT.openedBy),
          from.set(i32.add(numberOf(entry, AT.cipherAt), AT.cipherOutput)),
          to.set(i32.add(numberOf(entry, AT.slots), HEAD_BYTES - BLOCK_BYTES)),
          vectors.set(i32.add(numberOf(entry, AT.blocks), 1)),
          copyVectors(from, to, vectors),
          setNumber(entry, AT.macAt, to),
          setNumber(entry, AT.hashBlocks, hashBlocks(signedLength(numberOf(entry, AT.blocks)))),
        ),
      ),
    ]
  })
}

/**
 * Defines `write(count)`: encodes the tokens in slots one behind the other in {@link AT.text}, and notes
 * their lengths, 0 where there is none.
 */
export function defineWrite(module: ModuleBuilder): WasmFunction {
  return module.define("write", { parameters: 1 }, (frame) => {
    const [count] = frame.parameters as [Local]
    const { local } = frame
    const [entry, from, end, to] = [local("i32"), local("i32"), local("i32"), local("i32")]
    const [start, groups, padding] = [local("i32"), local("i32"), local("i32")]
    const size = i32.sub(end, numberOf(entry, AT.slots))
    const equalsSign = (back: number): Code => i32.store8(i32.sub(to, back), EQUALS_SIGN)
    return [
      to.set(AT.text),
      countTo(
        count,
        entry,
        setNumber(entry, AT.lengths, 0),
        when(
          numberOf(entry, AT.openedBy),
          from.set(numberOf(entry, AT.slots)),
          start.set(to),
          end.set(i32.add(numberOf(entry, AT.macAt), MAC_BYTES)),
          v128.store(end, bytes(0)),
          encode(frame, from, end, to),
          groups.set(i32.divU(i32.add(size, 2), 3)),
          padding.set(i32.sub(i32.mul(groups, 3), size)),
          setNumber(entry, AT.lengths, i32.mul(groups, 4)),
          to.set(i32.add(start, i32.mul(groups, 4))),
          when(padding, equalsSign(1)),
          when(i32.gtU(padding, 1), equalsSign(2)),
        ),
      ),
    ]
  })
}

/**
 * Defines `place(count)`: puts the messages that lie in {@link AT.text} in slots, with the padding of
 * SHA-256, to be signed to {@link AT.macs}. Returns where the slots end.
 */
export function definePlace(module: ModuleBuilder, pad: WasmFunction): WasmFunction {
  return module.define("place", { parameters: 1, results: 1 }, ({ parameters, local }) => {
    const [count] = parameters as [Local]
    const [entry, text, length, slot] = [local("i32"), local("i32"), local("i32"), local("i32")]
    const [from, to, vectors, left] = [local("i32"), local("i32"), local("i32"), local("i32")]
    return [
      text.set(AT.text),
      slot.set(AT.slotBytes),
      countTo(
        count,
        entry,
        length.set(numberOf(entry, AT.lengths)),
        from.set(text),
        to.set(slot),
        vectors.set(i32.divU(i32.add(length, VECTOR_BYTES), VECTOR_BYTES)),
        copyVectors(from, to, vectors),
        left.set(pad.call(slot, length)),
        setNumber(entry, AT.slots, slot),
        setNumber(entry, AT.hashBlocks, left),
        setNumber(entry, AT.macAt, i32.add(i32.mul(entry, MAC_BYTES), AT.macs)),
        nextSlot(slot, left),
        text.increase(length),
      ),
      slot.get,
    ]
  })
}
