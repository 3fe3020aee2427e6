import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from "typeorm"
import { EncryptedColumn } from "typeorm-fernet"

/** An admin sees everyone's audit entries, manages users and rotates keys. */
export const roles = ["admin", "member"] as const

export type Role = (typeof roles)[number]

/** Somebody who signs in. */
@Entity("users")
export class User {
  @PrimaryGeneratedColumn("uuid")
  id!: string

  // #region login-by-email
  /** Found by its blind index, whatever the case it is typed in. */
  @EncryptedColumn({
    constrained: true,
    blindIndex: { unique: true, normalize: ["trim", "lowercase"] },
  })
  email!: string
  // #endregion

  @Column({ name: "password_hash", type: "text" })
  passwordHash!: string

  @Column({ type: "text" })
  role!: Role

  @CreateDateColumn({ name: "created_at", type: "timestamptz" })
  createdAt!: Date
}
