import { Column, Entity } from "typeorm"
import { EncryptedColumn, type Sealed } from "typeorm-fernet"

import { Owned } from "./owned.js"

/** What an API key may be used for. */
export const scopes = ["read", "write", "reveal"] as const

export type Scope = (typeof scopes)[number]

/** A key by which programs use the vault. It is shown when it is made, and never again. */
@Entity("api_keys")
export class ApiKey extends Owned {
  @Column({ type: "text" })
  name!: string

  // #region found-by-blind-index
  @EncryptedColumn({ constrained: true, sealed: true, blindIndex: { unique: true } })
  key!: Sealed<string>
  // #endregion

  @Column({ type: "text" })
  prefix!: string

  @Column({ type: "text", array: true })
  scopes!: Scope[]

  @Column({ name: "expires_at", type: "timestamptz" })
  expiresAt!: Date

  @Column({ name: "last_used_at", type: "timestamptz", nullable: true })
  lastUsedAt!: Date | null

  @Column({ name: "revoked_at", type: "timestamptz", nullable: true })
  revokedAt!: Date | null

  @Column({ name: "revoke_reason", type: "text", nullable: true })
  revokeReason!: string | null
}
