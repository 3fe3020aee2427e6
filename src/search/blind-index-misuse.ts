import { isNormalizer, normalizerNames } from "./normalize"
import { COSTS } from "./slow-index"

/** Bits of an HMAC-SHA-256 digest. */
export const DIGEST_BITS: number = 32 * 8

/** What HKDF takes as info is 1024 bytes, of which the first 30 name the purpose. */
const CONTEXT_BYTES = 1024 - 30

/**
 * Returns what is wrong with options that nothing but their type has checked, each worded to follow
 * a name.
 */
export function* blindIndexMisuse({
  context,
  normalize,
  bits,
  slow,
}: Readonly<
  Partial<Record<"bits" | "context" | "normalize" | "slow", unknown>>
>): Iterable<string> {
  if (!isContext(context)) {
    yield `has a context that is not a well-formed string of 1 to ${CONTEXT_BYTES} bytes`
  }
  const normalizers = Array.isArray(normalize) ? Array.from<unknown>(normalize) : [normalize]
  if (normalize !== undefined && !normalizers.every(isNormalizer)) {
    yield `has an unknown normalizer; use ${normalizerNames.join(", ")}, functions, or a list of these`
  }
  if (bits !== undefined && !isBits(bits)) {
    yield `has bits that are not a whole number from 1 to ${DIGEST_BITS}`
  }
  if (slow !== undefined && typeof slow !== "boolean" && !isCost(slow)) {
    yield `has a slow that is neither a boolean nor a whole number from ${COSTS.least} to ${COSTS.most}`
  }
}

function isCost(cost: unknown): boolean {
  return Number.isInteger(cost) && Number(cost) >= COSTS.least && Number(cost) <= COSTS.most
}

function isContext(context: unknown): boolean {
  if (typeof context !== "string" || context === "" || !context.isWellFormed()) return false
  return Buffer.byteLength(context) <= CONTEXT_BYTES
}

function isBits(bits: unknown): boolean {
  return typeof bits === "number" && Number.isInteger(bits) && bits >= 1 && bits <= DIGEST_BITS
}
