import { Column, Entity, UpdateDateColumn } from "typeorm"
import { EncryptedColumn, type Sealed } from "typeorm-fernet"

import { Owned } from "./owned.js"

/** A camera, and what it is signed in to with. */
@Entity("cameras")
export class Camera extends Owned {
  @Column({ type: "text" })
  name!: string

  @Column({ type: "text" })
  url!: string

  @Column({ type: "text" })
  username!: string

  @EncryptedColumn({ constrained: true, sealed: true })
  password!: Sealed<string>

  @UpdateDateColumn({ name: "updated_at", type: "timestamptz" })
  updatedAt!: Date
}
