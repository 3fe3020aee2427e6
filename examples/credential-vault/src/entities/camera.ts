import { Column, Entity, UpdateDateColumn } from "typeorm"
import { EncryptedColumn } from "typeorm-fernet"

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

  @EncryptedColumn({ constrained: true })
  password!: string

  @UpdateDateColumn({ name: "updated_at", type: "timestamptz" })
  updatedAt!: Date
}
