import { Column, Entity, Unique, UpdateDateColumn } from "typeorm"
import { EncryptedColumn, type Sealed } from "typeorm-fernet"

import { Owned } from "./owned.js"
import type { Provider } from "./provider.js"

/** How a user reaches a provider. */
@Entity("settings")
@Unique(["ownerId", "provider"])
export class Setting extends Owned {
  @Column({ type: "text" })
  provider!: Provider

  @EncryptedColumn({ constrained: true, sealed: true, name: "api_key" })
  apiKey!: Sealed<string>

  /** Instead of the provider's own address. */
  @Column({ name: "base_url", type: "text", nullable: true })
  baseUrl!: string | null

  @UpdateDateColumn({ name: "updated_at", type: "timestamptz" })
  updatedAt!: Date
}
