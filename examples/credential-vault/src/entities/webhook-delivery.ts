import {
  Column,
  CreateDateColumn,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  UpdateDateColumn,
} from "typeorm"

import { AlertRule } from "./alert-rule.js"

/**
 * `sending` is written before the request leaves: a delivery that is still in it when its job is taken up
 * again may have arrived, and is sent again with the same id.
 */
export const deliveryStates = ["pending", "sending", "retrying", "delivered", "dead"] as const

export type DeliveryState = (typeof deliveryStates)[number]

/** One webhook of one firing. It holds no header. */
@Entity("webhook_deliveries")
export class WebhookDelivery {
  @PrimaryGeneratedColumn("uuid")
  id!: string

  @Index()
  @Column({ name: "rule_id", type: "uuid" })
  ruleId!: string

  @ManyToOne(() => AlertRule, { onDelete: "CASCADE", nullable: false })
  @JoinColumn({ name: "rule_id" })
  rule?: AlertRule

  @Column({ name: "action_id", type: "uuid" })
  actionId!: string

  @Column({ type: "text" })
  message!: string

  @Column({ type: "text", default: "pending" })
  state!: DeliveryState

  @Column({ type: "integer", default: 0 })
  attempts!: number

  /** Attempts that were cut off, of which nobody knows whether they arrived. */
  @Column({ type: "integer", default: 0 })
  unsure!: number

  @Column({ name: "last_error", type: "text", nullable: true })
  lastError!: string | null

  @CreateDateColumn({ name: "created_at", type: "timestamptz" })
  createdAt!: Date

  @UpdateDateColumn({ name: "updated_at", type: "timestamptz" })
  updatedAt!: Date
}
