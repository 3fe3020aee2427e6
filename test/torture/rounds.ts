/**
 * How often a test of this folder does what it does: 1 is what CI has time for, `TORTURE_ROUNDS=50`
 * takes an hour.
 */
export const rounds = Number(process.env.TORTURE_ROUNDS ?? 1)
