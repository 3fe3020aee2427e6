/**
 * What a release makes of an encrypted column while its table is being encrypted. Each can run beside
 * the one before and the one after it, and each reads plaintext and tokens but the last.
 *
 * | phase | writes | companions of blind indexes | reads |
 * | --- | --- | --- | --- |
 * | `"keep"` | plaintext | NULL | plaintext and tokens |
 * | `"index"` | plaintext | the index value | plaintext and tokens |
 * | `"allow"` | tokens | the index value | plaintext and tokens |
 * | `"reject"` | tokens | the index value | tokens |
 */
export type PlaintextPhase = "allow" | "index" | "keep" | "reject"

const PHASES: readonly unknown[] = ["keep", "index", "allow", "reject"]

/** Whether a value is a phase. */
export function isPhase(value: unknown): value is PlaintextPhase {
  return PHASES.includes(value)
}

/** The phases as a message lists them. */
export const phaseNames = '"keep", "index", "allow" or "reject"'

/** Whether cells that are no tokens are read. */
export function readsPlaintext(phase: PlaintextPhase): boolean {
  return phase !== "reject"
}

/** Whether values are stored as the releases before the encryption read them. */
export function writesPlaintext(phase: PlaintextPhase): boolean {
  return phase === "keep" || phase === "index"
}
