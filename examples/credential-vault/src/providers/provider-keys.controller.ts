import { Body, Controller, Delete, Get, Param, Post, Query } from "@nestjs/common"
import { Throttle } from "@nestjs/throttler"
import { InjectRepository } from "@nestjs/typeorm"
import { Repository } from "typeorm"
import { Sealed } from "typeorm-fernet"
import { z } from "zod"

import { Audited } from "../audit/audited.js"
import { Me, type Principal, Scoped } from "../auth/principal.js"
import { providers } from "../entities/provider.js"
import { ProviderKey } from "../entities/provider-key.js"
import { notFound } from "../http/api-error.js"
import { credential, id as uuid, name } from "../http/validation.js"

const creation = z.strictObject({
  provider: z.enum(providers),
  key_name: name,
  api_key: credential,
})
const filter = z.strictObject({ provider: z.enum(providers).optional() })

/** Keys of AI providers, which their owner can look up. */
@Controller("api/keys")
export class ProviderKeysController {
  constructor(@InjectRepository(ProviderKey) private readonly keys: Repository<ProviderKey>) {}

  @Post()
  @Scoped("write")
  @Audited("provider_key.create")
  async create(
    @Body({ schema: creation }) body: z.infer<typeof creation>,
    @Me() { userId: ownerId }: Principal,
  ): Promise<object> {
    // #region save
    const { provider, key_name: keyName } = body
    const apiKey = Sealed.of(body.api_key)
    const saved = await this.keys.save({ ownerId, provider, keyName, apiKey, lastUsed: null })
    // #endregion
    return toBody(saved)
  }

  @Get()
  @Scoped("read")
  async list(
    @Query({ schema: filter }) { provider }: z.infer<typeof filter>,
    @Me() { userId: ownerId }: Principal,
  ): Promise<object[]> {
    const where = { ownerId, ...(provider && { provider }) }
    const keys = await this.keys.find({ where, order: { createdAt: "ASC", id: "ASC" } })
    return keys.map(toBody)
  }

  @Get(":id")
  @Throttle({ default: { limit: 10, ttl: 60_000 } })
  @Scoped("reveal")
  @Audited("provider_key.reveal")
  async reveal(
    @Param("id", { schema: uuid }) id: string,
    @Me() { userId: ownerId }: Principal,
  ): Promise<object> {
    const key = await this.keys.findOneBy({ id, ownerId })
    if (!key) throw notFound("key")
    key.lastUsed = new Date()
    await this.keys.update({ id, ownerId }, { lastUsed: key.lastUsed })
    // #region reveal
    return { ...toBody(key), api_key: await key.apiKey.revealRecorded() }
    // #endregion
  }

  @Delete(":id")
  @Scoped("write")
  @Audited("provider_key.delete")
  async delete(
    @Param("id", { schema: uuid }) id: string,
    @Me() { userId: ownerId }: Principal,
  ): Promise<object> {
    const { affected } = await this.keys.delete({ id, ownerId })
    if (!affected) throw notFound("key")
    return { status: "deleted", id }
  }
}

function toBody({ id, provider, keyName, createdAt, lastUsed }: ProviderKey): object {
  return { id, provider, key_name: keyName, created_at: createdAt, last_used: lastUsed }
}
