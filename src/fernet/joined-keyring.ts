import { Keyring } from "./keyring"

/** Returns a ring that encrypts as the first one does, and reads what keys of all of them made. */
export function joinedKeyring(...rings: readonly [Keyring, ...Keyring[]]): Keyring {
  const all = rings.flatMap((ring) => ring.keysAtWork())
  const once = all.filter((key, i) => all.findIndex((other) => other.signsAs(key)) === i)
  const [first] = rings[0].keysAtWork()
  return new Keyring([first, ...once.slice(1)])
}

/** Whether a ring reads what another one encrypts. */
export function readsWhatIsWritten(ring: Keyring, by: Keyring): boolean {
  const [first] = by.keysAtWork()
  return ring.keysAtWork().some((key) => key.signsAs(first))
}

/** Whether two rings have the same keys in the same order. */
export function isSameKeyring(one: Keyring, other: Keyring): boolean {
  const [keys, others] = [one.keysAtWork(), other.keysAtWork()]
  return keys.length === others.length && keys.every((key, i) => others[i]?.signsAs(key))
}

/** Returns the fingerprints of the keys that one ring has and another does not. */
export function fingerprintsBeyond(ring: Keyring, other: Keyring): readonly string[] {
  const others = other.keysAtWork()
  const beyond = ring.keysAtWork().filter((key) => !others.some((one) => one.signsAs(key)))
  return beyond.map(({ fingerprint }) => fingerprint)
}

/** Returns a ring without the key that it encrypts under; `undefined` if it has no other. */
export function withoutFirst(ring: Keyring): Keyring | undefined {
  const [, second, ...others] = ring.keysAtWork()
  return second && new Keyring([second, ...others])
}
