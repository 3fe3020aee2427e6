import { Keyring } from "../../src"

/** Keys of the tests. They protect nothing. */
export const keys = {
  first: "Zmlyc3Qga2V5IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXM=",
  second: "c2Vjb25kIGtleSBvZiB0aGUgdGVzdHMgMzIgYnl0ZXM=",
} as const

/** The keyring that tests bind with unless they say otherwise. */
export const keyring: Keyring = new Keyring([keys.first])
