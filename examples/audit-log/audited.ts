import { onEvents, type StatementEvent } from "typeorm-fernet"

import type { AuditLog } from "./audit-log.ts"

// #region audited
/** Has everything that is done with encrypted cells recorded. Returns what ends it. */
export function audit(log: AuditLog): () => void {
  const recording =
    (name: string) =>
    ({ actor, tenant, entity, error, attributes, ...details }: StatementEvent) =>
      log.record({ event: name, actor, tenant, entity, details: { ...details, error } })
  return onEvents({
    encrypt: recording("encrypt"),
    decrypt: recording("decrypt"),
    decryptFailed: recording("decrypt.failed"),
    plaintextRead: recording("plaintext.read"),
    search: recording("search"),
  })
}
// #endregion
