import { Inject, Injectable, type OnApplicationShutdown } from "@nestjs/common"
import pg from "pg"
import type { RevealRequest } from "typeorm-fernet"

import { CONFIG, type Config } from "../config/config.js"

const INSERT =
  "INSERT INTO audit_logs (user_id, action, resource_type, resource_id, status, details) " +
  "VALUES ($1, 'credential.reveal', 'credential', $2, 'success', $3)"

/**
 * Writes down every credential that is about to be opened, and for whom: no record, no credential. By
 * connections of its own, so that no transaction that is rolled back takes a record with it.
 */
@Injectable()
export class RevealRecords implements OnApplicationShutdown {
  readonly #pool: pg.Pool

  constructor(@Inject(CONFIG) config: Config) {
    this.#pool = new pg.Pool({ connectionString: config.DATABASE_URL, max: 4 })
    // A statement on a connection that is gone fails by itself
    this.#pool.on("error", () => undefined)
  }

  // #region before-reveal
  /** Records one. What it throws keeps the credential sealed. */
  readonly record = async ({ column, primaryKey, actor }: RevealRequest): Promise<void> => {
    await this.#pool.query(INSERT, [actor, primaryKey?.id, { column }])
  }
  // #endregion

  async onApplicationShutdown(): Promise<void> {
    await this.#pool.end()
  }
}
