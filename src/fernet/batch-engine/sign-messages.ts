import type { Plaintext } from "../plaintext"
import { MAC_BYTES } from "../token-mac"
import type { BatchMachine } from "./batch-machine"
import { AT } from "./layout"
import { loadPlaintexts } from "./seal-plaintexts"

/**
 * Returns the HMAC-SHA-256 of bytes, and of texts as UTF-8, no more than one run takes, in hexadecimal.
 *
 * @param states - the key's, as {@link BatchMachine.keyStates} returns them
 */
export function signMessages(
  machine: BatchMachine,
  states: Uint32Array,
  messages: readonly Plaintext[],
): readonly string[] {
  return machine.run(() => {
    loadPlaintexts(machine, messages)
    machine.use("slotBytes", machine.program.place(messages.length) - AT.slotBytes)
    machine.useKey(states)
    machine.program.sign(messages.length)
    return messages.map((_, i) => {
      const start = AT.macs + i * MAC_BYTES
      return machine.bytes.toString("hex", start, start + MAC_BYTES)
    })
  })
}
