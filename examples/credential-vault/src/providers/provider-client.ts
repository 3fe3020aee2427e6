import { Inject, Injectable } from "@nestjs/common"

import { CONFIG, type Config } from "../config/config.js"
import type { Provider } from "../entities/provider.js"
import { Outbound, type OutboundAnswer, whyUnreachable } from "../outbound/outbound.js"

/** What a provider says of a key. */
export interface KeyTest {
  readonly valid: boolean
  readonly message: string
}

/** How a provider lists its models, which any of its keys may do and costs nothing. */
interface Protocol {
  readonly name: string
  readonly path: string
  headers(key: string): Record<string, string>
}

const protocols: Readonly<Record<Provider, Protocol>> = {
  openai: {
    name: "OpenAI",
    path: "/v1/models",
    headers: (key) => ({ authorization: `Bearer ${key}` }),
  },
  anthropic: {
    name: "Anthropic",
    path: "/v1/models",
    headers: (key) => ({ "x-api-key": key, "anthropic-version": "2023-06-01" }),
  },
  google: {
    name: "Google",
    path: "/v1beta/models",
    headers: (key) => ({ "x-goog-api-key": key }),
  },
}

/** Asks providers about their keys. */
@Injectable()
export class ProviderClient {
  readonly #baseUrls: Readonly<Record<Provider, string>>

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly outbound: Outbound,
  ) {
    this.#baseUrls = {
      openai: config.OPENAI_BASE_URL,
      anthropic: config.ANTHROPIC_BASE_URL,
      google: config.GOOGLE_BASE_URL,
    }
  }

  /** Finds out whether a key works. Nothing is stored. */
  async test(provider: Provider, key: string, baseUrl: string | null): Promise<KeyTest> {
    const { name, path, headers } = protocols[provider]
    // No header can hold other characters, and no provider's key has them
    if (!/^[\x21-\x7e]+$/.test(key)) return invalid(name)
    const url = `${(baseUrl ?? this.#baseUrls[provider]).replace(/\/+$/, "")}${path}`
    try {
      return judge(name, await this.outbound.send(url, { method: "GET", headers: headers(key) }))
    } catch (error) {
      return { valid: false, message: `${name}: ${whyUnreachable(error)}` }
    }
  }
}

const invalid = (name: string): KeyTest => ({
  valid: false,
  message: `${name} does not know this key.`,
})

function judge(name: string, { status, text }: OutboundAnswer): KeyTest {
  if (status === 200) return { valid: true, message: `${name} accepts this key.` }
  // Google answers 400 to a key that is none
  if (status === 401 || (status === 400 && text.includes("API_KEY_INVALID"))) return invalid(name)
  if (status === 403) return { valid: false, message: `${name} knows this key, and refuses it.` }
  if (status === 429) {
    return { valid: false, message: `${name} has had too many requests. Try again in a minute.` }
  }
  return { valid: false, message: `${name} answered with an error (${status}). Try again later.` }
}
