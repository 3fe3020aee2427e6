import { Injectable } from "@nestjs/common"
import { InjectRepository } from "@nestjs/typeorm"
import { Repository } from "typeorm"

import { KeyVersion } from "../entities/rotation.js"

/** Numbers keys, the oldest first, so that people can speak of them. */
@Injectable()
export class KeyVersions {
  constructor(@InjectRepository(KeyVersion) private readonly versions: Repository<KeyVersion>) {}

  /** Numbers the keys that have no number yet, and returns that of the first, which encrypts. */
  async current(fingerprints: readonly string[]): Promise<number> {
    for (const fingerprint of fingerprints.toReversed()) await this.of(fingerprint)
    return this.of(fingerprints[0] ?? "")
  }

  /** Returns the number of a key, which it is given if it has none. */
  async of(fingerprint: string): Promise<number> {
    const known = await this.versions.findOneBy({ fingerprint })
    if (known) return known.version
    const last = (await this.versions.maximum("version")) ?? 0
    await this.versions.insert({ version: last + 1, fingerprint })
    return last + 1
  }
}
