import { atLeast, atMost, type Target } from "../report/target"

/** Either way a token goes. */
export type Direction = "decrypt" | "encrypt"

/** How many times as fast as a peer the engine is to be, up to which size of plaintext. */
export const peerTargets: Readonly<
  Record<string, { readonly upTo: number } & Readonly<Record<Direction, Target>>>
> = {
  "npm fernet": { upTo: 256, encrypt: atLeast(40, 60), decrypt: atLeast(40, 60) },
  "npm fernet-nodejs": { upTo: 64, encrypt: atLeast(5, 6), decrypt: atLeast(4, 5) },
  "straightforward node:crypto": {
    upTo: 64,
    encrypt: atLeast(3.3, 4.5),
    decrypt: atLeast(2.7, 3.2),
  },
  "Python cryptography": { upTo: 64, encrypt: atLeast(10, 13), decrypt: atLeast(10, 13) },
}

/** What is done with many values at once. */
export type BatchWay = "decrypt" | "encrypt" | "rotate"

/** A batch against the same without the batch engine, and against what one writes without a library. */
export const batchTargets = { withoutEngine: atLeast(2.5, 4), straightforward: atLeast(9, 14) }

/** A ring of six, the right key last, and a key derived for a column, against one key. */
export const ringTargets = { warm: atMost(1.2), cold: atMost(4.5, 1), derived: atMost(1.05) }

/** Bytes allocated by one operation on 64 bytes. */
export const allocationTargets: Readonly<Record<Direction, Target>> = {
  encrypt: atMost(850, 600),
  decrypt: atMost(700, 400),
}

/** Megabytes by which the resident set may grow over the last 800,000 of a million operations. */
export const residentTarget = atMost(8)
