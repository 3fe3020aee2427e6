import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Req } from "@nestjs/common"
import { Throttle } from "@nestjs/throttler"
import { z } from "zod"

import { Audited } from "../audit/audited.js"
import { Guesses } from "../auth/guesses.js"
import { type KnownRequest, Me, type Principal, Public } from "../auth/principal.js"
import { CONFIG, type Config } from "../config/config.js"
import { type ApiKey, type Scope, scopes } from "../entities/api-key.js"
import { notFound } from "../http/api-error.js"
import { credential, id as uuid, name, textOf } from "../http/validation.js"
import { ApiKeys } from "./api-keys.js"

const scopeList = z
  .string()
  .max(100)
  .default("read")
  .transform((text, context) => {
    const named = [...new Set(text.split(",").map((part) => part.trim()))]
    if (named.every((scope): scope is Scope => scopes.includes(scope as Scope))) return named
    context.addIssue({
      code: "custom",
      message: `Scopes are ${scopes.join(", ")}, with commas between.`,
    })
    return z.NEVER
  })

const creation = z.strictObject({
  name,
  expires_in_days: z.number().int().min(1).max(3650).optional(),
  scopes: scopeList,
})
const revocation = z.strictObject({ reason: textOf(500).default("") })
const verification = z.strictObject({ key: credential })

const DAY_MS = 86_400_000

/** API keys. Only a person who signed in manages them, and never an API key. */
@Controller("api/encryption/keys")
export class ApiKeysController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly keys: ApiKeys,
    private readonly guesses: Guesses,
  ) {}

  @Post()
  @Audited("api_key.create")
  async create(
    @Body({ schema: creation }) body: z.infer<typeof creation>,
    @Me() { userId: ownerId }: Principal,
  ): Promise<object> {
    const days = body.expires_in_days ?? this.config.API_KEY_EXPIRY_DAYS
    const expiresAt = new Date(Date.now() + days * DAY_MS)
    const { saved, key } = await this.keys.create({ ...body, ownerId, expiresAt })
    const { last_used_at: _, ...shown } = toBody(saved)
    return { ...shown, key }
  }

  @Get()
  async list(@Me() { userId }: Principal): Promise<object[]> {
    return (await this.keys.list(userId)).map(toBody)
  }

  @Post("verify")
  @HttpCode(200)
  @Public()
  @Throttle({ default: { limit: 60, ttl: 60_000 } })
  async verify(
    @Body({ schema: verification }) { key }: z.infer<typeof verification>,
    @Req() request: KnownRequest,
  ): Promise<object> {
    const address = request.ip ?? ""
    await this.guesses.requireFew("api-key", address)
    const found = await this.keys.verify(key)
    if (!found) await this.guesses.count("api-key", address)
    return found
      ? { valid: true, id: found.id, name: found.name, scopes: found.scopes }
      : { valid: false }
  }

  @Delete(":id")
  @Audited("api_key.revoke")
  async revoke(
    @Param("id", { schema: uuid }) id: string,
    @Body({ schema: revocation.prefault({}) }) { reason }: z.infer<typeof revocation>,
    @Me() { userId }: Principal,
  ): Promise<object> {
    const revokedAt = await this.keys.revoke(id, userId, reason)
    if (!revokedAt) throw notFound("key")
    return { message: "The key was revoked.", id, revoked_at: revokedAt }
  }
}

function toBody(key: ApiKey) {
  return {
    id: key.id,
    name: key.name,
    prefix: key.prefix,
    created_at: key.createdAt,
    expires_at: key.expiresAt,
    last_used_at: key.lastUsedAt,
    scopes: key.scopes,
    is_active: !key.revokedAt && key.expiresAt > new Date(),
  }
}
