import { createHmac, timingSafeEqual } from "node:crypto"

import type { AuditEntry } from "./audit-entry.ts"

/** Where a chain ends: the last entry of a writer. */
export interface Head {
  readonly writer: string
  readonly sequence: number
  readonly mac: string
}

// #region mac
/** Returns the MAC of an entry: of everything that is in it, and by `previous` of all before it. */
export function macOf(key: Buffer, entry: Omit<AuditEntry, "mac">): string {
  const { writer, sequence, at, event, actor, tenant, entity, details, previous } = entry
  // A list in JSON reads in one way only, whatever the texts hold
  const signed = [previous, writer, sequence, at, event, actor, tenant, entity, details]
  return createHmac("sha256", key).update(JSON.stringify(signed)).digest("hex")
}
// #endregion

/** Whether two MACs are the same, in a time that does not tell where they differ. */
export function isSameMac(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}
