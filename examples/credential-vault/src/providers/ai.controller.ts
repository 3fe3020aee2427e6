import { Body, Controller, HttpCode, Post } from "@nestjs/common"
import { Throttle } from "@nestjs/throttler"
import { InjectRepository } from "@nestjs/typeorm"
import { Repository } from "typeorm"
import { z } from "zod"

import { Audited } from "../audit/audited.js"
import { Me, type Principal, Scoped } from "../auth/principal.js"
import { providers } from "../entities/provider.js"
import { Setting } from "../entities/setting.js"
import { credential } from "../http/validation.js"
import { type KeyTest, ProviderClient } from "./provider-client.js"

const test = z.strictObject({ provider: z.enum(providers), api_key: credential })

/** Testing the key of a provider before it is saved. */
@Controller("api/v1/ai")
export class AiController {
  constructor(
    @InjectRepository(Setting) private readonly settings: Repository<Setting>,
    private readonly client: ProviderClient,
  ) {}

  @Post("test-key")
  @HttpCode(200)
  @Throttle({ default: { limit: 10, ttl: 60_000 } })
  @Scoped("write")
  @Audited("ai.test_key")
  async testKey(
    @Body({ schema: test }) { provider, api_key: apiKey }: z.infer<typeof test>,
    @Me() { userId: ownerId }: Principal,
  ): Promise<KeyTest> {
    const setting = await this.settings.findOne({
      select: { id: true, baseUrl: true },
      where: { ownerId, provider },
    })
    return this.client.test(provider, apiKey, setting?.baseUrl ?? null)
  }
}
