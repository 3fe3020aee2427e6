import {
  type Code,
  countTo,
  doWhile,
  i32,
  i8x16,
  type Local,
  v128,
  when,
} from "../assembler/instructions"
import type { ModuleBuilder, WasmFunction } from "../assembler/module-builder"
import { MAC_BYTES } from "../../token-mac"
import { BLOCK_BYTES } from "../../token-scratch"
import { AT, HEAD_BYTES, LIMITS, VECTOR_BYTES } from "../layout"
import { bytes } from "./lanes"
import { copyVectors, nextSlot, signedLength } from "./slots"
import { numberOf, setNumber } from "./tables"

const VERSION = 0x80
const EQUALS_SIGN = 0x3d

/**
 * Defines `load(count)`: decodes the tokens that lie in {@link AT.text} one behind the other, puts those
 * that have the form of a token in slots, ready to be hashed, and their MACs aside. Returns where the
 * slots end.
 */
export function defineLoad(
  module: ModuleBuilder,
  decode: WasmFunction,
  pad: WasmFunction,
): WasmFunction {
  return module.define("load", { parameters: 1, results: 1 }, ({ parameters, local }) => {
    const [count] = parameters as [Local]
    const [entry, text, length, slot] = [local("i32"), local("i32"), local("i32"), local("i32")]
    const [blocks, size, padding] = [local("i32"), local("i32"), local("i32")]
    const [macAt, left] = [local("i32"), local("i32")]
    const setAside = [0, VECTOR_BYTES].map((at) =>
      v128.store(i32.mul(entry, MAC_BYTES), v128.load(macAt, at), AT.macs + at),
    )
    const take = [
      macAt.set(i32.add(slot, signedLength(blocks))),
      ...setAside,
      left.set(pad.call(slot, signedLength(blocks))),
      setNumber(entry, AT.slots, slot),
      setNumber(entry, AT.blocks, blocks),
      setNumber(entry, AT.hashBlocks, left),
      nextSlot(slot, left),
    ]
    const decoded = decode.call(text, i32.sub(length, padding), slot)
    return [
      text.set(AT.text),
      slot.set(AT.slotBytes),
      countTo(
        count,
        entry,
        length.set(numberOf(entry, AT.lengths)),
        setNumber(entry, AT.hashBlocks, 0),
        setNumber(entry, AT.openedBy, 0),
        ...measure(length, { blocks, size, padding }),
        when(
          hasLength(length, { blocks, size, padding }),
          when(allOf(decoded, isCanonical(slot, text, length, { size, padding })), ...take),
        ),
        text.increase(length),
      ),
      slot.get,
    ]
  })
}

interface Measures {
  /** Blocks of ciphertext. */
  readonly blocks: Local
  /** Bytes of the token. */
  readonly size: Local
  /** How many `=` there must be at its end. */
  readonly padding: Local
}

/** Works out from a length what a token of that length must be made of. */
function measure(length: Local, { blocks, size, padding }: Measures): Code[] {
  const empty = HEAD_BYTES + MAC_BYTES
  const most = i32.mul(i32.divU(length, 4), 3)
  return [
    blocks.set(i32.divU(i32.sub(most, empty), BLOCK_BYTES)),
    size.set(i32.add(i32.mul(blocks, BLOCK_BYTES), empty)),
    padding.set(i32.sub(i32.mul(groupsOf(size), 3), size)),
  ]
}

/** Groups of three bytes that so many fill. */
function groupsOf(size: Local): Code {
  return i32.divU(i32.add(size, 2), 3)
}

/** Says whether a token that slots have room for has such a length. Without blocks there is none. */
function hasLength(length: Local, { blocks, size }: Measures): Code {
  return allOf(
    i32.ltU(i32.sub(blocks, 1), LIMITS.blocks),
    i32.eq(i32.mul(groupsOf(size), 4), length),
  )
}

/**
 * Says whether a decoded token begins with the version, ends with as many `=` as it must, and has no bit
 * set beyond its last byte: `decode` leaves those in the byte behind it.
 */
function isCanonical(
  slot: Local,
  text: Local,
  length: Local,
  { size, padding }: Pick<Measures, "size" | "padding">,
): Code {
  const fromEnd = (back: number): Code => i32.load8U(i32.sub(i32.add(text, length), back))
  return allOf(
    i32.eq(i32.load8U(slot), VERSION),
    i32.not(i32.load8U(i32.add(slot, size))),
    i32.or(i32.ltU(padding, 1), i32.eq(fromEnd(1), EQUALS_SIGN)),
    i32.or(i32.ltU(padding, 2), i32.eq(fromEnd(2), EQUALS_SIGN)),
  )
}

/**
 * Defines `gather(count, key, offset)`: copies IV and ciphertext of the tokens that a key opened, and of
 * no others, one behind the other to {@link AT.cipherInput} at an offset. Returns the offset behind them.
 */
export function defineGather(module: ModuleBuilder): WasmFunction {
  return module.define("gather", { parameters: 3, results: 1 }, ({ parameters, local }) => {
    const [count, key, offset] = parameters as [Local, Local, Local]
    const [entry, from, to, vectors] = [local("i32"), local("i32"), local("i32"), local("i32")]
    return [
      to.set(i32.add(offset, AT.cipherInput)),
      countTo(
        count,
        entry,
        when(
          i32.eq(numberOf(entry, AT.openedBy), key),
          setNumber(entry, AT.cipherAt, i32.sub(to, AT.cipherInput)),
          from.set(i32.add(numberOf(entry, AT.slots), HEAD_BYTES - BLOCK_BYTES)),
          vectors.set(i32.add(numberOf(entry, AT.blocks), 1)),
          copyVectors(from, to, vectors),
        ),
      ),
      i32.sub(to, AT.cipherInput),
    ]
  })
}

/**
 * Defines `paddingBefore(end)`: returns the length of the PKCS #7 padding (RFC 5652, section 6.3) that
 * ends at an address, or 0 if it is none.
 */
export function definePaddingBefore(module: ModuleBuilder): WasmFunction {
  return module.define("paddingBefore", { parameters: 1, results: 1 }, ({ parameters, local }) => {
    const [end] = parameters as [Local]
    const length = local("i32")
    const lastBlock = v128.load(i32.sub(end, BLOCK_BYTES))
    const lastOnes = v128.load(i32.add(length, AT.masks))
    const others = v128.and(v128.xor(lastBlock, i8x16.splat(length)), lastOnes)
    const inBlock = i32.ltU(i32.sub(length, 1), BLOCK_BYTES)
    return [
      length.set(i32.load8U(i32.sub(end, 1))),
      i32.mul(length, allOf(inBlock, i32.not(v128.anyTrue(others)))),
    ]
  })
}

/**
 * Defines `unpad(count)`: copies the texts of opened tokens from {@link AT.cipherOutput} one behind the
 * other to {@link AT.cipherInput}, and notes their lengths, -1 where there is no text, and whether they
 * have characters beyond ASCII.
 */
export function defineUnpad(module: ModuleBuilder, paddingBefore: WasmFunction): WasmFunction {
  return module.define("unpad", { parameters: 1 }, ({ parameters, local }) => {
    const [count] = parameters as [Local]
    const [entry, from, end] = [local("i32"), local("i32"), local("i32")]
    const [to, at, padding] = [local("i32"), local("i32"), local("i32")]
    const [all, part] = [local("v128"), local("v128")]
    const length = i32.sub(i32.sub(end, from), padding)
    const copy = doWhile(
      [
        v128.store(at, part.tee(v128.load(from))),
        all.set(v128.or(all, part)),
        at.increase(VECTOR_BYTES),
      ],
      i32.ne(from.tee(i32.add(from, VECTOR_BYTES)), end),
    )
    return [
      to.set(AT.cipherInput),
      countTo(
        count,
        entry,
        setNumber(entry, AT.lengths, -1),
        when(
          numberOf(entry, AT.openedBy),
          from.set(i32.add(numberOf(entry, AT.cipherAt), AT.cipherOutput + BLOCK_BYTES)),
          end.set(i32.add(from, i32.mul(numberOf(entry, AT.blocks), BLOCK_BYTES))),
          when(
            padding.tee(paddingBefore.call(end)),
            setNumber(entry, AT.lengths, length),
            all.set(bytes(0)),
            at.set(to),
            to.increase(length),
            copy,
            // The padding is ASCII
            setNumber(entry, AT.wide, i8x16.signs(all)),
          ),
        ),
      ),
    ]
  })
}

/** Conditions, all of which are evaluated. */
export function allOf(...conditions: readonly Code[]): Code {
  return conditions.reduce((all, condition) => i32.and(all, condition))
}
