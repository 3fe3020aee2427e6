import { Column, CreateDateColumn, JoinColumn, ManyToOne, PrimaryGeneratedColumn } from "typeorm"

import { User } from "./user.js"

/** What belongs to a user, and to nobody else. */
export abstract class Owned {
  @PrimaryGeneratedColumn("uuid")
  id!: string

  @Column({ name: "owner_id", type: "uuid" })
  ownerId!: string

  @ManyToOne(() => User, { onDelete: "CASCADE", nullable: false })
  @JoinColumn({ name: "owner_id" })
  owner?: User

  @CreateDateColumn({ name: "created_at", type: "timestamptz" })
  createdAt!: Date
}
