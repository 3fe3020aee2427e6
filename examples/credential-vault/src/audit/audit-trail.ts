import { Injectable } from "@nestjs/common"
import { InjectRepository } from "@nestjs/typeorm"
import { Repository } from "typeorm"

import type { KnownRequest } from "../auth/principal.js"
import { AuditLog } from "../entities/audit-log.js"

/** What is recorded of an action, beside who and when. */
export interface AuditEntry {
  readonly action: string
  readonly resourceType: string
  readonly resourceId?: string
  /** Defaults to `"success"`. */
  readonly status?: "failure" | "success"
  /** Holds no credential. */
  readonly details?: object
  /** Defaults to who makes the request. */
  readonly userId?: string | null
}

/** Keeps what was done, by whom and from where. */
@Injectable()
export class AuditTrail {
  constructor(@InjectRepository(AuditLog) private readonly logs: Repository<AuditLog>) {}

  /** Records an action. Who awaits it does not answer without a record. */
  async record(request: KnownRequest | undefined, entry: AuditEntry): Promise<void> {
    const { action, resourceType, resourceId = null, status = "success", details = {} } = entry
    const { userId = request?.principal?.userId ?? null } = entry
    const ipAddress = request?.ip ?? null
    await this.logs.insert({ userId, action, resourceType, resourceId, ipAddress, status, details })
  }
}
