import { Column, CreateDateColumn, Entity, Index, PrimaryGeneratedColumn } from "typeorm"

/** Who did what, and whether it succeeded. It outlives its user. */
@Entity("audit_logs")
@Index(["timestamp", "id"])
export class AuditLog {
  @PrimaryGeneratedColumn("uuid")
  id!: string

  @Column({ name: "user_id", type: "uuid", nullable: true })
  userId!: string | null

  @Column({ type: "text" })
  action!: string

  @Column({ name: "resource_type", type: "text" })
  resourceType!: string

  @Column({ name: "resource_id", type: "text", nullable: true })
  resourceId!: string | null

  @Column({ name: "ip_address", type: "text", nullable: true })
  ipAddress!: string | null

  @Column({ type: "text" })
  status!: "failure" | "success"

  @Column({ type: "jsonb", default: {} })
  details!: object

  @CreateDateColumn({ type: "timestamptz" })
  timestamp!: Date
}
