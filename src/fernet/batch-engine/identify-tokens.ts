import type { BatchKey } from "./batch-key"
import type { BatchMachine } from "./batch-machine"
import { AT } from "./layout"
import { loadTokens, verifyTokens } from "./open-tokens"

/**
 * Returns for each token, no more of which than one run takes, the position of the key that signed it;
 * `undefined` if none did, or it is no token. Nothing is decrypted.
 *
 * @param keys - in the order in which they are tried
 */
export function identifyTokens(
  machine: BatchMachine,
  keys: readonly BatchKey[],
  tokens: readonly string[],
): readonly (number | undefined)[] {
  return machine.run(() => {
    loadTokens(machine, tokens)
    verifyTokens(machine, keys, tokens.length)
    return tokens.map((_, i) => {
      const signedBy = machine.numberOf(i, AT.openedBy)
      return signedBy === 0 ? undefined : signedBy - 1
    })
  })
}
