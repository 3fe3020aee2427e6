import { Column, Entity } from "typeorm"
import { EncryptedColumn, type Sealed } from "typeorm-fernet"

import { Owned } from "./owned.js"
import type { Provider } from "./provider.js"

/** A key of an AI provider, kept to be looked up. */
@Entity("provider_keys")
export class ProviderKey extends Owned {
  @Column({ type: "text" })
  provider!: Provider

  @Column({ name: "key_name", type: "text" })
  keyName!: string

  @EncryptedColumn({ constrained: true, sealed: true, name: "api_key" })
  apiKey!: Sealed<string>

  @Column({ name: "last_used", type: "timestamptz", nullable: true })
  lastUsed!: Date | null
}
