import { getFips } from "node:crypto"
import { channel } from "node:diagnostics_channel"
import { endianness } from "node:os"

import { BatchEngine } from "./batch-engine"
import { testEngine } from "./self-test"
import { webAssembly } from "./web-assembly"

/** The variable that turns the engine off: with any value but `on`. */
const VARIABLE = "TYPEORM_FERNET_BATCH_ENGINE"

/** On this channel it is said, once for each reason, that batches go another way, and why. */
const fallbacks = channel("typeorm-fernet:batch-engine.off")

/** Why batches are not for the engine. */
export type FallbackReason =
  /** The environment says so. */
  | "environment"
  /** node:crypto works under FIPS 140, and so does everything else. */
  | "fips"
  /** There is no WebAssembly, as under `--jitless`. */
  | "no-webassembly"
  /** Numbers lie the other way around in this machine's memory. */
  | "big-endian"
  /** The program cannot be compiled here: most likely there is no fixed-width SIMD. */
  | "not-compiled"
  /** What it makes is not what node:crypto makes. */
  | "self-test"

/** What is published on the channel. */
export interface Fallback {
  readonly reason: FallbackReason
  readonly error?: unknown
}

const FIPS: Fallback = { reason: "fips" }

const said = new Set<FallbackReason>()
let found: BatchEngine | Fallback | undefined

/**
 * Returns the engine that batches are for, or `undefined` where they go through node:crypto alone. It is
 * made and tested when it is asked for first; whether FIPS is on is asked each time.
 */
export function engineInUse(): BatchEngine | undefined {
  found ??= findEngine()
  const choice = found instanceof BatchEngine && getFips() !== 0 ? FIPS : found
  if (choice instanceof BatchEngine) return choice
  say(choice)
  return undefined
}

function findEngine(): BatchEngine | Fallback {
  const setting = process.env[VARIABLE] ?? ""
  if (setting !== "" && setting !== "on") return { reason: "environment" }
  if (webAssembly() === undefined) return { reason: "no-webassembly" }
  if (endianness() === "BE") return { reason: "big-endian" }
  return makeEngine()
}

function makeEngine(): BatchEngine | Fallback {
  let engine: BatchEngine | undefined
  try {
    engine = new BatchEngine()
    testEngine(engine)
    return engine
  } catch (error) {
    return { reason: engine === undefined ? "not-compiled" : "self-test", error }
  }
}

function say(fallback: Fallback): void {
  if (said.has(fallback.reason)) return
  said.add(fallback.reason)
  fallbacks.publish(fallback)
}
