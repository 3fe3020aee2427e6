import { InvalidTokenError } from "../errors"
import type { TokenScratch } from "./token-scratch"

/** How far a token's timestamp may lie in the future when its age is checked, in seconds. */
const MAX_CLOCK_SKEW = 60

/** The timestamps that are accepted, both ends included. */
export interface AgeLimit {
  readonly oldest: number
  readonly newest: number
}

/** The current time, in whole seconds since the epoch. */
export function secondsNow(): number {
  return Math.floor(Date.now() / 1000)
}

/**
 * Returns the timestamps of tokens that are not too old and not from the future.
 *
 * @throws TypeError or RangeError if an argument is of the wrong type or range
 */
export function ageLimit(ttl: number, now: number): AgeLimit {
  requireNumber(ttl, "ttl")
  if (!(ttl >= 0))
    throw new RangeError('The "ttl" argument must be a number of seconds, 0 or more.')
  requireSeconds(now, "now")
  return { oldest: now - ttl, newest: now + MAX_CLOCK_SKEW }
}

/** Whether something of a timestamp is neither older than so many seconds nor from the future. */
export function isFresh(timestamp: number, ttl: number): boolean {
  return isWithin(timestamp, ageLimit(ttl, secondsNow()))
}

/**
 * Refuses a token that is outside of a limit.
 *
 * @throws {@link InvalidTokenError}
 */
export function requireAge({ timestamp }: TokenScratch, limit: AgeLimit): void {
  if (!isWithin(timestamp, limit)) throw new InvalidTokenError()
}

function isWithin(timestamp: number, { oldest, newest }: AgeLimit): boolean {
  return oldest <= timestamp && timestamp <= newest
}

/**
 * Returns the timestamp of a token. One that a number cannot hold, 285 million years away, is refused
 * rather than rounded.
 *
 * @throws {@link InvalidTokenError}
 */
export function exactTimestamp({ timestamp }: TokenScratch): number {
  if (!Number.isSafeInteger(timestamp)) throw new InvalidTokenError()
  return timestamp
}

/**
 * Refuses what is no whole number of seconds since the epoch.
 *
 * @throws TypeError or RangeError
 */
export function requireSeconds(value: number, name: string): void {
  requireNumber(value, name)
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`The "${name}" argument must be a whole number of seconds, 0 or more.`)
  }
}

function requireNumber(value: unknown, name: string): void {
  if (typeof value === "number") return
  throw new TypeError(`The "${name}" argument must be of type number.`)
}
