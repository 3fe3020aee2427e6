import { randomBytes } from "node:crypto"

import { Injectable } from "@nestjs/common"
import { InjectRepository } from "@nestjs/typeorm"
import { IsNull, Repository } from "typeorm"
import { BlindEqual, Sealed } from "typeorm-fernet"

import { ApiKey, type Scope } from "../entities/api-key.js"

/** What a new key is to be. */
export interface NewApiKey {
  readonly ownerId: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly expiresAt: Date
}

/** How often the time of the last use is written, at most. */
const USE_INTERVAL_MS = 60_000

/** Makes, finds and revokes API keys. */
@Injectable()
export class ApiKeys {
  constructor(@InjectRepository(ApiKey) private readonly keys: Repository<ApiKey>) {}

  /** Makes a key, and returns it with its text: the only time that anybody sees it. */
  async create({
    ownerId,
    name,
    scopes,
    expiresAt,
  }: NewApiKey): Promise<{ saved: ApiKey; key: string }> {
    const prefix = randomBytes(4).toString("hex")
    const key = `pk_${prefix}_${randomBytes(32).toString("base64url")}`
    const saved = await this.keys.save({
      ...{ ownerId, name, prefix, key: Sealed.of(key), expiresAt, scopes: [...scopes] },
      ...{ lastUsedAt: null, revokedAt: null, revokeReason: null },
    })
    return { saved, key }
  }

  list(ownerId: string): Promise<ApiKey[]> {
    return this.keys.find({ where: { ownerId }, order: { createdAt: "ASC", id: "ASC" } })
  }

  // #region verify
  /**
   * Returns the key of this text, if it may be used. One indexed query finds it or does not: nothing that
   * takes longer depends on how much of a guess is right.
   */
  async verify(text: string): Promise<ApiKey | undefined> {
    const found = await this.keys.findOneBy({ key: BlindEqual(text) })
    if (!found?.key.equals(text) || found.revokedAt || found.expiresAt <= new Date())
      return undefined
    await this.#used(found)
    return found
  }
  // #endregion

  /** Returns when it was revoked, or nothing if there is no such key. */
  async revoke(id: string, ownerId: string, reason: string): Promise<Date | undefined> {
    const revokedAt = new Date()
    const { affected } = await this.keys.update(
      { id, ownerId, revokedAt: IsNull() },
      { revokedAt, revokeReason: reason },
    )
    return affected ? revokedAt : undefined
  }

  async #used({ id, lastUsedAt }: ApiKey): Promise<void> {
    const now = new Date()
    if (lastUsedAt && now.getTime() - lastUsedAt.getTime() < USE_INTERVAL_MS) return
    await this.keys.update({ id }, { lastUsedAt: now })
  }
}
