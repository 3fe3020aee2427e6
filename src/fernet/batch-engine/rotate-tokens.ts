import { InvalidTokenError } from "../../errors"
import type { RotatedToken } from "../token-rotation"
import type { BatchKey } from "./batch-key"
import type { BatchMachine } from "./batch-machine"
import { AT } from "./layout"
import { decryptTokens, loadTokens, verifyTokens } from "./open-tokens"
import { fillWithRandomBlocks, finishTokens } from "./seal-plaintexts"

/**
 * Puts the plaintexts of tokens, no more than one run takes, in new ones with the same timestamps. Those
 * under the key that encrypts are left as they are.
 *
 * @param keys - in the order in which they are tried
 * @param to - the one of them that encrypts
 * @returns for each, the position of the key it was under and the new token, if there is one
 * @throws {@link InvalidTokenError} if an authentic token is malformed inside
 */
export function rotateTokens(
  machine: BatchMachine,
  keys: readonly BatchKey[],
  to: BatchKey,
  tokens: readonly string[],
): readonly (RotatedToken | undefined)[] {
  return machine.run(() => {
    const count = tokens.length
    loadTokens(machine, tokens)
    verifyTokens(machine, keys, count)
    const openers = tokens.map((_, i) => settle(machine, i, keys.indexOf(to)))
    const made = renewTokens(machine, keys, to, count)
    return openers.map((keyIndex, i) =>
      keyIndex === undefined ? undefined : { keyIndex, token: made[i] },
    )
  })
}

/** Returns the position of the key that opens a token, and leaves it marked as opened if it is to be rotated. */
function settle(machine: BatchMachine, entry: number, to: number): number | undefined {
  const openedBy = machine.numberOf(entry, AT.openedBy) - 1
  const isFar = openedBy >= 0 && hasFarTimestamp(machine, entry)
  if (isFar || openedBy === to) machine.setNumber(entry, AT.openedBy, 0)
  return isFar || openedBy < 0 ? undefined : openedBy
}

/** Says whether a token's time, a big-endian number behind the version, has more than 53 bits. */
function hasFarTimestamp(machine: BatchMachine, entry: number): boolean {
  const at = machine.numberOf(entry, AT.slots) + 1
  return machine.bytes.readUInt32BE(at) >= 2 ** (53 - 32)
}

function renewTokens(
  machine: BatchMachine,
  keys: readonly BatchKey[],
  to: BatchKey,
  count: number,
): readonly (string | undefined)[] {
  const size = decryptTokens(machine, keys, count, AT.cipherInput)
  if (size === 0) return []
  fillWithRandomBlocks(machine, count)
  if (machine.program.renew(count) === 0) throw new InvalidTokenError()
  return finishTokens(machine, to, count, size)
}
