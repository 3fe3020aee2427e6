import { randomBytes } from "node:crypto"

/** Stands for a value of any codec in the statements that prove the seam at startup. */
export const CANARY: unique symbol = Symbol("typeorm-fernet.canary")

/** The same, as what is sought by few bits and results are checked for. */
export const CHECKED_CANARY: unique symbol = Symbol("typeorm-fernet.checked-canary")

/** Nobody can guess it, so no stored cell is taken for the canary's. */
const secret = randomBytes(16).toString("hex")

/** What the driver seam turns the canary into, and a column back. Never sent to a database. */
export const CANARY_TOKEN: string = ["typeorm-fernet:canary", secret].join(":")

/** What a blind index turns the canary into. Never sent to a database. */
export const CANARY_DIGEST: string = ["typeorm-fernet:canary-digest", secret].join(":")

/** Query runners of the canary, which answer by themselves and know nothing of the database. */
export const ANSWERING: WeakSet<object> = new WeakSet<object>()
