import { KeyError } from "../errors"
import { parseKeys } from "./key"
import { TokenKey } from "./token-key"

/** Keys at work, at least one: the first encrypts, any of them decrypts. */
export type WorkingKeys = readonly [TokenKey, ...TokenKey[]]

/** Whether keys are at work already. */
export function areAtWork(keys: readonly string[] | WorkingKeys): keys is WorkingKeys {
  return Array.isArray(keys) && keys[0] instanceof TokenKey
}

/**
 * Puts keys to work. Two that sign alike would both claim a token, and one of them would decrypt it to
 * noise.
 *
 * @throws {@link KeyError} `ERR_KEY_MISSING` if there is none; `ERR_KEY_INVALID` if one is not a key,
 * occurs twice, or signs as another
 */
export function takeInKeys(keys: readonly string[]): WorkingKeys {
  // parseKeys refuses an empty list
  const taken = parseKeys(keys).map((key) => new TokenKey(key)) as [TokenKey, ...TokenKey[]]
  taken.forEach((key, index) => {
    const first = taken.findIndex((other) => other.signsAs(key))
    if (first !== index) {
      throw new KeyError(
        "ERR_KEY_INVALID",
        `Key ${index + 1} of ${taken.length} has the same signing half as key ${first + 1}; ` +
          "replace one of them.",
      )
    }
  })
  return taken
}

/** Returns the keys of one column, each derived from one of these. */
export function deriveKeys([first, ...others]: WorkingKeys, info: Uint8Array): WorkingKeys {
  return [first.derive(info), ...others.map((key) => key.derive(info))]
}
