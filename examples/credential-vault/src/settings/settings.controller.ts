import { Body, Controller, Delete, Get, Param, Patch, Post } from "@nestjs/common"
import { InjectRepository } from "@nestjs/typeorm"
import { Repository } from "typeorm"
import { mask, Sealed } from "typeorm-fernet"
import { z } from "zod"

import { Audited } from "../audit/audited.js"
import { Me, type Principal, Scoped } from "../auth/principal.js"
import { providers } from "../entities/provider.js"
import { Setting } from "../entities/setting.js"
import { notFound } from "../http/api-error.js"
import { credential, id as uuid } from "../http/validation.js"
import { Outbound } from "../outbound/outbound.js"

const creation = z.strictObject({
  provider: z.enum(providers),
  api_key: credential,
  base_url: z.url().max(2000).nullable().default(null),
})
const change = z.strictObject({
  api_key: credential.optional(),
  base_url: z.url().max(2000).nullable().optional(),
})

/** How a user reaches each provider. Answers show the last four characters of a key. */
@Controller("api/v1/settings")
export class SettingsController {
  constructor(
    @InjectRepository(Setting) private readonly settings: Repository<Setting>,
    private readonly outbound: Outbound,
  ) {}

  @Get()
  @Scoped("read")
  async list(@Me() { userId: ownerId }: Principal): Promise<object[]> {
    const settings = await this.settings.find({ where: { ownerId }, order: { provider: "ASC" } })
    return Promise.all(settings.map(toBody))
  }

  @Get(":id")
  @Scoped("read")
  async one(@Param("id", { schema: uuid }) id: string, @Me() me: Principal): Promise<object> {
    return toBody(await this.#find(id, me))
  }

  @Post()
  @Scoped("write")
  @Audited("setting.create")
  async create(
    @Body({ schema: creation }) body: z.infer<typeof creation>,
    @Me() { userId: ownerId }: Principal,
  ): Promise<object> {
    const { provider, base_url: baseUrl } = body
    const apiKey = Sealed.of(body.api_key)
    if (baseUrl !== null) this.outbound.requireSendable(baseUrl)
    return toBody(await this.settings.save({ ownerId, provider, apiKey, baseUrl }))
  }

  @Patch(":id")
  @Scoped("write")
  @Audited("setting.update")
  async change(
    @Param("id", { schema: uuid }) id: string,
    @Body({ schema: change }) body: z.infer<typeof change>,
    @Me() me: Principal,
  ): Promise<object> {
    const { api_key: apiKey, base_url: baseUrl } = body
    if (baseUrl) this.outbound.requireSendable(baseUrl)
    const setting = await this.#find(id, me)
    if (apiKey !== undefined) setting.apiKey = Sealed.of(apiKey)
    if (baseUrl !== undefined) setting.baseUrl = baseUrl
    return toBody(await this.settings.save(setting))
  }

  @Delete(":id")
  @Scoped("write")
  @Audited("setting.delete")
  async delete(
    @Param("id", { schema: uuid }) id: string,
    @Me() { userId: ownerId }: Principal,
  ): Promise<object> {
    const { affected } = await this.settings.delete({ id, ownerId })
    if (!affected) throw notFound("setting")
    return { status: "deleted", id }
  }

  async #find(id: string, { userId: ownerId }: Principal): Promise<Setting> {
    const setting = await this.settings.findOneBy({ id, ownerId })
    if (!setting) throw notFound("setting")
    return setting
  }
}

async function toBody(setting: Setting): Promise<object> {
  const { id, provider, apiKey, baseUrl, createdAt, updatedAt } = setting
  return {
    id,
    provider,
    api_key: mask(await apiKey.revealRecorded()),
    base_url: baseUrl,
    created_at: createdAt,
    updated_at: updatedAt,
  }
}
