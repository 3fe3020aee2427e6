import { Column, Entity, UpdateDateColumn } from "typeorm"
import { EncryptedColumn } from "typeorm-fernet"

import { Owned } from "./owned.js"

/** A request that is sent when the rule fires. */
export interface WebhookAction {
  readonly id: string
  readonly type: "webhook"
  readonly url: string
  /** By their names in lower case. Their values are encrypted, and nothing else of a rule is. */
  readonly headers: Readonly<Record<string, string>>
}

/** What a rule waits for, and what it does. */
export interface RuleDefinition {
  readonly event: string
  readonly actions: readonly WebhookAction[]
}

/** Sends webhooks when something happens. */
@Entity("alert_rules")
export class AlertRule extends Owned {
  @Column({ type: "text" })
  name!: string

  @Column({ type: "boolean", default: true })
  enabled!: boolean

  @EncryptedColumn({ type: "jsonb", codec: "json", paths: ["actions.*.headers.*"] })
  definition!: RuleDefinition

  @UpdateDateColumn({ name: "updated_at", type: "timestamptz" })
  updatedAt!: Date
}
