/** How a command ended: 0 done, 1 failed or work is left, 2 it was called wrongly. */
export const exitCodes = { done: 0, failed: 1, usage: 2 } as const

/** A command was called in a way that cannot work; its exit code is 2. */
export class UsageError extends Error {}
