import { Inject, Injectable, type OnModuleInit } from "@nestjs/common"
import { InjectRepository } from "@nestjs/typeorm"
import type { Logger } from "pino"
import { Repository } from "typeorm"

import { AuditTrail } from "../audit/audit-trail.js"
import { CONFIG, type Config } from "../config/config.js"
import { AlertRule, type WebhookAction } from "../entities/alert-rule.js"
import { WebhookDelivery } from "../entities/webhook-delivery.js"
import { Jobs, LOGGER } from "../jobs/jobs.js"
import { Outbound, whyUnreachable } from "../outbound/outbound.js"

const QUEUE = "webhooks"
const DEAD = "webhooks-dead"

interface DeliveryJob {
  readonly id: string
}

/**
 * Sends webhooks, each until it was taken or there were enough attempts. Receivers may get one twice, when
 * the process ended between sending it and writing that down: `x-delivery-id` is then the same, and
 * `x-delivery-unsure` says that it may have come before.
 */
@Injectable()
export class Deliveries implements OnModuleInit {
  constructor(
    @InjectRepository(WebhookDelivery) private readonly deliveries: Repository<WebhookDelivery>,
    @InjectRepository(AlertRule) private readonly rules: Repository<AlertRule>,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly jobs: Jobs,
    private readonly outbound: Outbound,
    private readonly audit: AuditTrail,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.jobs.start()
    const { boss } = this.jobs
    await boss.createQueue(DEAD)
    await boss.createQueue(QUEUE, { name: QUEUE, deadLetter: DEAD })
    const often = { pollingIntervalSeconds: 0.5 }
    await boss.work<DeliveryJob>(QUEUE, { ...often, batchSize: 1 }, async ([job]) => {
      if (job) await this.#send(job.data.id)
    })
    await boss.work<DeliveryJob>(DEAD, often, async ([job]) => {
      if (job) await this.#bury(job.data.id)
    })
  }

  /** Has a rule's webhooks sent. Each is written down before anybody is told that it will be. */
  async fire(rule: AlertRule, message: string): Promise<WebhookDelivery[]> {
    const { id: ruleId, definition } = rule
    const rows = definition.actions.map(({ id: actionId }) => ({ ruleId, actionId, message }))
    const deliveries = await this.deliveries.save(rows)
    for (const { id } of deliveries) await this.#enqueue(id)
    return deliveries
  }

  /** Takes one off the dead-letter list and sends it anew. */
  async retry(delivery: WebhookDelivery): Promise<void> {
    await this.deliveries.update({ id: delivery.id }, { state: "pending" })
    await this.#enqueue(delivery.id)
  }

  async #enqueue(id: string): Promise<void> {
    const lease = Math.ceil(this.config.OUTBOUND_TIMEOUT_MS / 1000) + 5
    await this.jobs.boss.send(QUEUE, { id } satisfies DeliveryJob, {
      retryLimit: this.config.WEBHOOK_ATTEMPTS - 1,
      retryDelay: this.config.WEBHOOK_RETRY_SECONDS,
      retryBackoff: true,
      // What a process that was killed had in hand is taken up by another after so long
      expireInSeconds: lease,
    })
  }

  async #send(id: string): Promise<void> {
    const delivery = await this.deliveries.findOneBy({ id })
    if (!delivery || delivery.state === "delivered") return
    const rule = await this.rules.findOneBy({ id: delivery.ruleId })
    const action = rule?.definition.actions.find((one) => one.id === delivery.actionId)
    if (!rule || !action) {
      await this.deliveries.update(
        { id },
        { state: "dead", lastError: "The rule has no such action any more." },
      )
      return
    }
    const attempts = delivery.attempts + 1
    const unsure = delivery.unsure + (delivery.state === "sending" ? 1 : 0)
    await this.deliveries.update({ id }, { state: "sending", attempts, unsure })
    if (unsure > delivery.unsure) await this.#tellUnsure(rule, id)
    const problem = await this.#attempt(rule, action, { ...delivery, attempts, unsure })
    if (problem === undefined) {
      await this.deliveries.update({ id }, { state: "delivered", lastError: null })
      return
    }
    await this.deliveries.update({ id }, { state: "retrying", lastError: problem })
    // By which the queue knows that it is to be tried again
    throw new Error(problem)
  }

  /** Returns why it was not taken, if it was not. */
  async #attempt(
    rule: AlertRule,
    action: WebhookAction,
    { id, attempts, unsure, message, createdAt }: WebhookDelivery,
  ): Promise<string | undefined> {
    const { event } = rule.definition
    try {
      const { status } = await this.outbound.send(action.url, {
        method: "POST",
        headers: {
          // #region sent-decrypted
          ...action.headers,
          // #endregion
          "content-type": "application/json",
          "x-delivery-id": id,
          "x-delivery-attempt": String(attempts),
          ...(unsure > 0 && { "x-delivery-unsure": String(unsure) }),
        },
        body: JSON.stringify({
          delivery_id: id,
          rule: rule.name,
          event,
          message,
          fired_at: createdAt,
        }),
      })
      return status < 300 ? undefined : `It was answered with ${status}.`
    } catch (error) {
      return whyUnreachable(error)
    }
  }

  async #tellUnsure(rule: AlertRule, id: string): Promise<void> {
    this.logger.warn({ delivery: id }, "an attempt was cut off, and is made again")
    const entry = { action: "delivery.unsure", resourceType: "delivery", resourceId: id }
    await this.audit.record(undefined, { ...entry, userId: rule.ownerId })
  }

  async #bury(id: string): Promise<void> {
    const { affected } = await this.deliveries.update({ id, state: "retrying" }, { state: "dead" })
    if (affected) this.logger.warn({ delivery: id }, "a webhook was given up")
    // Cut off at its last attempt
    else
      await this.deliveries.update(
        { id, state: "sending" },
        { state: "dead", lastError: "It was cut off." },
      )
  }
}
