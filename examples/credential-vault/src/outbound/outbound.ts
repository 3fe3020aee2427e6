import { lookup } from "node:dns"
import { isIP } from "node:net"

import { Inject, Injectable, type OnApplicationShutdown } from "@nestjs/common"
import ipaddr from "ipaddr.js"
import { Agent, request } from "undici"

import { CONFIG, type Config } from "../config/config.js"
import { ApiError } from "../http/api-error.js"

/** The address is one that the vault does not send to. */
export class BlockedAddressError extends Error {
  constructor() {
    super("The address is not a public one.")
  }
}

/** What is sent. */
export interface OutboundRequest {
  readonly method: "GET" | "POST"
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** What came back: of the body no more than its beginning. */
export interface OutboundAnswer {
  readonly status: number
  readonly text: string
}

const MOST_TEXT = 16_384

/**
 * Sends requests to addresses that users name. It reaches public ones only, whatever a name resolves to at
 * the moment of the connection, and those that `OUTBOUND_ALLOWED` lists; it follows no redirect.
 */
@Injectable()
export class Outbound implements OnApplicationShutdown {
  readonly #allowed: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][]
  readonly #timeout: number
  readonly #agent: Agent

  constructor(@Inject(CONFIG) config: Config) {
    this.#allowed = config.OUTBOUND_ALLOWED.map((range) => ipaddr.parseCIDR(range))
    this.#timeout = config.OUTBOUND_TIMEOUT_MS
    this.#agent = new Agent({
      connect: { lookup: this.#lookup, timeout: this.#timeout },
      headersTimeout: this.#timeout,
      bodyTimeout: this.#timeout,
    })
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#agent.destroy()
  }

  /**
   * Refuses a URL that can be refused without asking anybody.
   *
   * @throws {@link ApiError} 400
   */
  requireSendable(url: string): void {
    if (!this.#isSendable(url)) {
      throw new ApiError(
        400,
        "blocked_url",
        "The URL must be http or https, public, and without a password.",
      )
    }
  }

  /**
   * Sends a request.
   *
   * @throws {@link BlockedAddressError} if it may not be sent there
   * @throws whatever undici throws if there is no answer in time
   */
  async send(
    url: string,
    { method, headers = {}, body }: OutboundRequest,
  ): Promise<OutboundAnswer> {
    if (!this.#isSendable(url)) throw new BlockedAddressError()
    const answer = await request(url, {
      method,
      headers: { "user-agent": "credential-vault", ...headers },
      ...(body !== undefined && { body }),
      dispatcher: this.#agent,
      signal: AbortSignal.timeout(this.#timeout),
    })
    let text = ""
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      text += chunk.toString("utf8")
      if (text.length > MOST_TEXT) break
    }
    return { status: answer.statusCode, text: text.slice(0, MOST_TEXT) }
  }

  #isSendable(url: string): boolean {
    if (!URL.canParse(url)) return false
    const { protocol, hostname, username, password } = new URL(url)
    if (!/^https?:$/.test(protocol) || username || password) return false
    const host = hostname.replace(/^\[|\]$/g, "")
    // Names are looked at when they are resolved
    return isIP(host) === 0 || this.#isOpen(host)
  }

  #isOpen(address: string): boolean {
    const parsed = ipaddr.process(address)
    if (parsed.range() === "unicast") return true
    return this.#allowed.some(
      ([range, bits]) => parsed.kind() === range.kind() && parsed.match(range, bits),
    )
  }

  readonly #lookup: NonNullable<Agent.Options["connect"]> extends { lookup?: infer Lookup }
    ? Lookup
    : never = ((
    hostname: string,
    options: object,
    callback: (error: Error | null, address: unknown, family?: number) => void,
  ) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) callback(error, [])
      else if (!addresses.every(({ address }) => this.#isOpen(address))) {
        callback(new BlockedAddressError(), [])
      } else if ("all" in options && options.all) callback(null, addresses)
      else callback(null, addresses[0]?.address, addresses[0]?.family)
    })
  }) as never
}

/** Says in plain words why nothing came back. */
export function whyUnreachable(error: unknown): string {
  const causes = [error, (error as { readonly cause?: unknown } | undefined)?.cause]
  if (causes.some((cause) => cause instanceof BlockedAddressError)) {
    return "The vault does not send to that address."
  }
  const { code, name } = (error ?? {}) as { readonly code?: string; readonly name?: string }
  if (name === "TimeoutError" || /TIMEOUT/.test(code ?? "")) return "There was no answer in time."
  return "It could not be reached."
}
