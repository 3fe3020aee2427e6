import { type Code, doWhile, i32, type Local, type Operand, v128 } from "../assembler/instructions"
import type { ModuleBuilder, WasmFunction } from "../assembler/module-builder"
import { HASH_BLOCK_BYTES } from "../../token-mac"
import { BLOCK_BYTES } from "../../token-scratch"
import { HEAD_BYTES, SLOT_SLACK_BYTES, VECTOR_BYTES } from "../layout"
import { bytes } from "./lanes"

/** The bit that ends a message, and those that fill up its byte. */
const END_OF_MESSAGE = 0x80

/**
 * Defines `pad(slot, length)`: writes the padding of SHA-256 (FIPS 180-4, section 5.1.1) behind a
 * message of so many bytes, which follows on a key block, and returns its number of hash blocks.
 */
export function definePad(module: ModuleBuilder): WasmFunction {
  return module.define("pad", { parameters: 2, results: 1 }, ({ parameters, local }) => {
    const [slot, length] = parameters as [Local, Local]
    const [end, bits, blocks] = [local("i32"), local("i32"), local("i32")]
    // At least the bit and eight bytes of length, at most a hash block more
    const zeros = [0, 16, 32, 48, 64].map((at) => v128.store(end, bytes(0), at))
    return [
      end.set(i32.add(slot, length)),
      ...zeros,
      i32.store8(end, END_OF_MESSAGE),
      blocks.set(hashBlocks(length)),
      bits.set(i32.shl(i32.add(length, HASH_BLOCK_BYTES), 3)),
      end.set(i32.sub(i32.add(slot, i32.mul(blocks, HASH_BLOCK_BYTES)), 2)),
      i32.store8(end, i32.shrU(bits, 8)),
      i32.store8(end, bits, 1),
      blocks.get,
    ]
  })
}

/** Hash blocks of a message of so many bytes and its padding. */
export function hashBlocks(length: Operand): Code {
  return i32.divU(i32.add(length, 1 + 8 + HASH_BLOCK_BYTES - 1), HASH_BLOCK_BYTES)
}

/** Bytes of a token up to its MAC. */
export function signedLength(blocks: Operand): Code {
  return i32.add(i32.mul(blocks, BLOCK_BYTES), HEAD_BYTES)
}

/** Moves on to the slot behind one with so many hash blocks. */
export function nextSlot(slot: Local, blocks: Operand): Code {
  return slot.increase(i32.add(i32.mul(blocks, HASH_BLOCK_BYTES), SLOT_SLACK_BYTES))
}

/** Copies so many vectors, 1 at least, and moves both addresses on. The count is used up. */
export function copyVectors(from: Local, to: Local, count: Local): Code {
  return doWhile(
    [v128.store(to, v128.load(from)), from.increase(VECTOR_BYTES), to.increase(VECTOR_BYTES)],
    count.tee(i32.sub(count, 1)),
  )
}
