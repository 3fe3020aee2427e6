import { completed, engineFor } from "./batches"
import type { Keyring } from "./keyring"

/**
 * Finds the positions of the keys that signed many tokens, as {@link Keyring.keyIndexOf} does, in less time
 * than one by one.
 */
export function keyIndexesOf(
  keyring: Keyring,
  tokens: readonly string[],
): readonly (number | undefined)[] {
  const engine = engineFor(tokens)
  const oneByOne = (left: readonly string[]): readonly (number | undefined)[] =>
    left.map((token) => keyring.keyIndexOf(token))
  if (!engine) return oneByOne(tokens)
  const keys = keyring.keysAtWork().map((key) => key.inBatches(engine))
  return completed(engine.identify(keys, tokens), oneByOne)
}
