import type { BatchMachine } from "../../../src/fernet/batch-engine/batch-machine"
import { AT, LANES } from "../../../src/fernet/batch-engine/layout"
import { initialState } from "../../../src/fernet/batch-engine/sha256-constants"

/** What is hashed at once. */
const PIECE_BYTES = 4096

/** Returns message ‖ padding as SHA-256 reads them. */
function paddedMessage(message: Uint8Array): Buffer {
  const blocks = Math.ceil((message.length + 9) / 64)
  const bytes = Buffer.alloc(blocks * 64)
  bytes.set(message)
  bytes.writeUInt8(0x80, message.length)
  bytes.writeBigUInt64BE(BigInt(message.length) * 8n, bytes.length - 8)
  return bytes
}

/** Hashes a message in one lane, and noise in the others, with the program's own functions. */
export function sha256InLane(machine: BatchMachine, lane: number, message: Uint8Array): string {
  const bytes = paddedMessage(message)
  return machine.run(() => {
    machine.use("slotBytes", LANES * PIECE_BYTES)
    initialState().forEach((word, i) => {
      for (let other = 0; other < LANES; other++) {
        machine.setNumber(i * LANES + other, AT.state, word + (other === lane ? 0 : other + 1))
      }
    })
    const pieces = Math.ceil(bytes.length / PIECE_BYTES)
    for (let piece = 0; piece < pieces; piece++) {
      const part = bytes.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES)
      absorbInLane(machine, lane, part)
    }
    const words = initialState().map((_, i) => machine.numberOf(i * LANES + lane, AT.state))
    return words.map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("")
  })
}

function absorbInLane({ bytes, program }: BatchMachine, lane: number, part: Buffer): void {
  const at = (other: number): number => AT.slotBytes + other * PIECE_BYTES
  for (let other = 0; other < LANES; other++) {
    if (other === lane) bytes.set(part, at(other))
    else bytes.fill(0x11 * (other + 1), at(other), at(other) + part.length)
  }
  program.absorb(at(0), at(1), at(2), at(3), part.length / 64)
}
