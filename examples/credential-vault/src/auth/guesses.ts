import { Injectable } from "@nestjs/common"
import { RateLimiterMemory } from "rate-limiter-flexible"

import { ApiError } from "../http/api-error.js"

const limits = {
  /** Failed sign-ins to one account. */
  account: { points: 10, duration: 300 },
  /** API keys that are none, from one address. */
  "api-key": { points: 20, duration: 60 },
}

/** Counts failed attempts, so that who guesses is not listened to before anything is computed. */
@Injectable()
export class Guesses {
  readonly #limiters = {
    account: new RateLimiterMemory(limits.account),
    "api-key": new RateLimiterMemory(limits["api-key"]),
  }

  /** @throws {@link ApiError} 429 if there were too many of late */
  async requireFew(kind: keyof typeof limits, of: string): Promise<void> {
    const attempts = await this.#limiters[kind].get(of)
    if (attempts && attempts.consumedPoints >= limits[kind].points) {
      throw new ApiError(429, "too_many_requests", "Too many failed attempts. Wait some minutes.")
    }
  }

  /** Counts one that failed. */
  async count(kind: keyof typeof limits, of: string): Promise<void> {
    await this.#limiters[kind].penalty(of)
  }

  /** Forgets those of one who succeeded. */
  async forget(kind: keyof typeof limits, of: string): Promise<void> {
    await this.#limiters[kind].delete(of)
  }
}
