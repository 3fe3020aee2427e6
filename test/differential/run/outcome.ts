import { type EncryptionErrorCode, Sealed } from "../../../src"
import { OneOf } from "../cases/find"

/** How a call ended. */
export type Outcome =
  | { readonly kind: "answered"; readonly value: unknown }
  | { readonly kind: "refused" | "threw"; readonly error: Error }

/** The codes by which a case may be refused: each says that it cannot be done, not that it failed. */
const REFUSALS: readonly EncryptionErrorCode[] = [
  "ERR_ALREADY_ENCRYPTED",
  "ERR_COLUMN_MISUSE",
  "ERR_INVALID_VALUE",
  "ERR_UNSUPPORTED_QUERY",
]

/** Makes a call, and says how it ended. */
export async function outcomeOf(call: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { kind: "answered", value: await call() }
  } catch (thrown) {
    // A driver's errors may be of another realm's class
    const error = thrown as Error
    const { code } = error as { readonly code?: EncryptionErrorCode }
    return { kind: code && REFUSALS.includes(code) ? "refused" : "threw", error }
  }
}

/** Says in what two outcomes differ, if they do. */
export function differenceOf(
  plain: Outcome,
  encrypted: Outcome,
  ordered: boolean,
): string | undefined {
  if (plain.kind !== "answered" || encrypted.kind !== "answered") {
    const [one, other] = [plain, encrypted].map(named)
    return one === other ? undefined : `plain ${String(one)}, encrypted ${String(other)}`
  }
  const other = canonical(encrypted.value, ordered)
  if (plain.value instanceof OneOf) {
    const all = plain.value.candidates.map((one) => canonical(one, ordered))
    return all.includes(other) ? undefined : `plain one of ${all.join(" ")}, encrypted ${other}`
  }
  const one = canonical(plain.value, ordered)
  return one === other ? undefined : `plain ${one}, encrypted ${other}`
}

function named(outcome: Outcome): string {
  return outcome.kind === "answered" ? "answered" : `threw ${outcome.error.name}`
}

/** One text for results that are equal: without key columns, moments, and orders nobody asked for. */
export function canonical(value: unknown, ordered: boolean): string {
  return JSON.stringify([plainForm(value, ordered)])
}

function plainForm(value: unknown, ordered: boolean): unknown {
  if (value instanceof Date) return "a moment"
  if (value instanceof Sealed) return value.reveal()
  if (Array.isArray(value)) {
    const forms = value.map((one: unknown) => plainForm(one, ordered))
    if (ordered || !forms.every(isEntity)) return forms
    return forms.map((one) => JSON.stringify(one)).sort()
  }
  if (!isEntity(value)) return value
  const keys = Object.keys(value).filter(
    (key) => !key.startsWith("ix_") && value[key] !== undefined,
  )
  // What is loaded along with an entity has no order
  return Object.fromEntries(keys.sort().map((key) => [key, plainForm(value[key], false)]))
}

function isEntity(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
