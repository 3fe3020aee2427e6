import { randomUUID } from "node:crypto"

import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post } from "@nestjs/common"
import { InjectRepository } from "@nestjs/typeorm"
import { Repository } from "typeorm"
import { z } from "zod"

import { Audited } from "../audit/audited.js"
import { Me, type Principal, Scoped } from "../auth/principal.js"
import { AlertRule, type WebhookAction } from "../entities/alert-rule.js"
import { WebhookDelivery } from "../entities/webhook-delivery.js"
import { ApiError, notFound } from "../http/api-error.js"
import { MASK } from "../http/mask.js"
import { id as uuid, name, textOf } from "../http/validation.js"
import { Outbound } from "../outbound/outbound.js"
import { Deliveries } from "./deliveries.js"

const headerName = z
  .string()
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/, "It is no header's name.")
const headerValue = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[\x20-\x7e]*$/, "It has characters that no header has.")
  .refine((value) => value !== MASK, "It is the mask of an answer, and not a value.")

/** Those that are the request's own. */
const reserved = /^(?:host|content-length|content-type|connection|transfer-encoding|x-delivery-.*)$/

const action = z.strictObject({
  type: z.literal("webhook"),
  url: z.url({ protocol: /^https?$/ }).max(2000),
  headers: z
    .record(headerName, headerValue)
    .refine((headers) => Object.keys(headers).length <= 20, "There are more than 20 headers.")
    .refine((headers) => !Object.keys(headers).some((key) => reserved.test(key.toLowerCase())), {
      error: "One of the headers is the request's own.",
    })
    .default({}),
})
const creation = z.strictObject({
  name,
  enabled: z.boolean().default(true),
  event: name,
  actions: z.array(action).min(1).max(10),
})
const change = z.strictObject({
  name: name.optional(),
  enabled: z.boolean().optional(),
  event: name.optional(),
  actions: z.array(action).min(1).max(10).optional(),
})
const firing = z.strictObject({ message: textOf(2000) })

/** Rules that send webhooks. Answers name the headers of these, and mask what they hold. */
@Controller("api/v1/alert-rules")
export class AlertRulesController {
  constructor(
    @InjectRepository(AlertRule) private readonly rules: Repository<AlertRule>,
    @InjectRepository(WebhookDelivery) private readonly sent: Repository<WebhookDelivery>,
    private readonly deliveries: Deliveries,
    private readonly outbound: Outbound,
  ) {}

  @Get()
  @Scoped("read")
  async list(@Me() { userId: ownerId }: Principal): Promise<object[]> {
    return (await this.rules.find({ where: { ownerId }, order: { name: "ASC", id: "ASC" } })).map(
      toBody,
    )
  }

  @Get("dead-letters")
  @Scoped("read")
  async deadLetters(@Me() { userId: ownerId }: Principal): Promise<object[]> {
    const where = { state: "dead" as const, rule: { ownerId } }
    const dead = await this.sent.find({ where, order: { updatedAt: "DESC", id: "ASC" }, take: 200 })
    return dead.map(toDeliveryBody)
  }

  @Post("dead-letters/:id/retry")
  @HttpCode(202)
  @Scoped("write")
  @Audited("delivery.retry")
  async retry(
    @Param("id", { schema: uuid }) id: string,
    @Me() { userId: ownerId }: Principal,
  ): Promise<object> {
    const delivery = await this.sent.findOneBy({ id, state: "dead", rule: { ownerId } })
    if (!delivery) throw notFound("dead letter")
    await this.deliveries.retry(delivery)
    return { id, state: "pending" }
  }

  @Get(":id")
  @Scoped("read")
  async one(@Param("id", { schema: uuid }) id: string, @Me() me: Principal): Promise<object> {
    return toBody(await this.#find(id, me))
  }

  @Get(":id/deliveries")
  @Scoped("read")
  async deliveriesOf(
    @Param("id", { schema: uuid }) id: string,
    @Me() me: Principal,
  ): Promise<object[]> {
    const { id: ruleId } = await this.#find(id, me)
    const sent = await this.sent.find({
      where: { ruleId },
      order: { createdAt: "DESC" },
      take: 200,
    })
    return sent.map(toDeliveryBody)
  }

  @Post()
  @Scoped("write")
  @Audited("alert_rule.create")
  async create(
    @Body({ schema: creation }) body: z.infer<typeof creation>,
    @Me() { userId: ownerId }: Principal,
  ): Promise<object> {
    const { name, enabled, event } = body
    const definition = { event, actions: this.#toActions(body.actions) }
    return toBody(await this.rules.save({ ownerId, name, enabled, definition }))
  }

  @Patch(":id")
  @Scoped("write")
  @Audited("alert_rule.update")
  async change(
    @Param("id", { schema: uuid }) id: string,
    @Body({ schema: change }) { name, enabled, event, actions }: z.infer<typeof change>,
    @Me() me: Principal,
  ): Promise<object> {
    const rule = await this.#find(id, me)
    if (name !== undefined) rule.name = name
    if (enabled !== undefined) rule.enabled = enabled
    rule.definition = {
      event: event ?? rule.definition.event,
      actions: actions ? this.#toActions(actions) : rule.definition.actions,
    }
    return toBody(await this.rules.save(rule))
  }

  @Delete(":id")
  @Scoped("write")
  @Audited("alert_rule.delete")
  async delete(
    @Param("id", { schema: uuid }) id: string,
    @Me() { userId: ownerId }: Principal,
  ): Promise<object> {
    const { affected } = await this.rules.delete({ id, ownerId })
    if (!affected) throw notFound("rule")
    return { status: "deleted", id }
  }

  @Post(":id/fire")
  @HttpCode(202)
  @Scoped("write")
  @Audited("alert_rule.fire")
  async fire(
    @Param("id", { schema: uuid }) id: string,
    @Body({ schema: firing }) { message }: z.infer<typeof firing>,
    @Me() me: Principal,
  ): Promise<object> {
    const rule = await this.#find(id, me)
    if (!rule.enabled) throw new ApiError(409, "disabled", "The rule is switched off.")
    return { deliveries: (await this.deliveries.fire(rule, message)).map(toDeliveryBody) }
  }

  #toActions(given: readonly z.infer<typeof action>[]): WebhookAction[] {
    return given.map(({ type, url, headers }) => {
      this.outbound.requireSendable(url)
      const named = Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value])
      return {
        id: randomUUID(),
        type,
        url,
        headers: Object.fromEntries(named) as Record<string, string>,
      }
    })
  }

  async #find(id: string, { userId: ownerId }: Principal): Promise<AlertRule> {
    const rule = await this.rules.findOneBy({ id, ownerId })
    if (!rule) throw notFound("rule")
    return rule
  }
}

function toBody({ id, name, enabled, definition, createdAt, updatedAt }: AlertRule): object {
  const actions = definition.actions.map(({ headers, ...action }) => ({
    ...action,
    headers: Object.fromEntries(Object.keys(headers).map((key) => [key, MASK])),
  }))
  return {
    ...{ id, name, enabled, event: definition.event, actions },
    created_at: createdAt,
    updated_at: updatedAt,
  }
}

function toDeliveryBody(delivery: WebhookDelivery): object {
  return {
    id: delivery.id,
    rule_id: delivery.ruleId,
    message: delivery.message,
    state: delivery.state,
    attempts: delivery.attempts,
    unsure: delivery.unsure,
    last_error: delivery.lastError,
    created_at: delivery.createdAt,
    updated_at: delivery.updatedAt,
  }
}
