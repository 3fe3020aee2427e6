import { Controller, Get, Query } from "@nestjs/common"
import { InjectRepository } from "@nestjs/typeorm"
import { Repository } from "typeorm"
import { z } from "zod"

import { Me, type Principal } from "../auth/principal.js"
import { AuditLog } from "../entities/audit-log.js"
import { id, textOf } from "../http/validation.js"

const filters = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
  action: textOf(100).optional(),
  resource_type: textOf(100).optional(),
  status: z.enum(["failure", "success"]).optional(),
  user_id: id.optional(),
})

/** What was done, the newest first. Members see what they did themselves. */
@Controller("api/encryption/audit-logs")
export class AuditController {
  constructor(@InjectRepository(AuditLog) private readonly logs: Repository<AuditLog>) {}

  @Get()
  async list(
    @Query({ schema: filters }) query: z.infer<typeof filters>,
    @Me() me: Principal,
  ): Promise<object> {
    const { limit, offset, action, resource_type: resourceType, status } = query
    const userId = me.role === "admin" ? query.user_id : me.userId
    const [logs, total] = await this.logs.findAndCount({
      where: {
        ...(action !== undefined && { action }),
        ...(resourceType !== undefined && { resourceType }),
        ...(status !== undefined && { status }),
        ...(userId !== undefined && { userId }),
      },
      order: { timestamp: "DESC", id: "DESC" },
      take: limit,
      skip: offset,
    })
    return { total, logs: logs.map(toBody) }
  }
}

function toBody(log: AuditLog): object {
  return {
    id: log.id,
    user_id: log.userId,
    action: log.action,
    resource_type: log.resourceType,
    resource_id: log.resourceId,
    ip_address: log.ipAddress,
    status: log.status,
    timestamp: log.timestamp,
    details: log.details,
  }
}
