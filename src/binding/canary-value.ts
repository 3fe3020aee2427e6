/** Stands for a value of any codec in the statements that prove the seam at startup. */
export const CANARY: unique symbol = Symbol("typeorm-fernet.canary")

/** What the driver seam turns the canary into. Never sent to a database. */
export const CANARY_TOKEN = "typeorm-fernet:canary"

/** What a blind index turns the canary into. Never sent to a database. */
export const CANARY_DIGEST = "typeorm-fernet:canary-digest"
