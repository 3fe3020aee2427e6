import { Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn } from "../../src"

/** What the releases of a rolling deployment have in common. */
@Entity()
export class Account {
  @PrimaryColumn({ type: "int" })
  id!: number

  @EncryptedColumn({ type: "varchar", length: 255, blindIndex: { unique: true } })
  email!: string
}

/** Few enough for two releases to be after the same. */
export const addresses = Array.from({ length: 24 }, (_, i) => `user${i}@example.com`)

/** Rows that are there; each of two releases that run together writes every second one. */
export const accounts = 16
