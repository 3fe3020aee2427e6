import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  SetMetadata,
} from "@nestjs/common"
import { Reflector } from "@nestjs/core"
import { catchError, from, map, mergeMap, type Observable } from "rxjs"

import type { KnownRequest } from "../auth/principal.js"
import { toApiError } from "../http/error-filter.js"
import { AuditTrail } from "./audit-trail.js"

const AUDITED = "vault:audited"

/** Has what a handler does recorded, as in `"camera.update"`: no answer without its record. */
export const Audited = (action: string) => SetMetadata(AUDITED, action)

/** Records what handlers do that are `Audited`. */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(
    private readonly reflector: Reflector,
    private readonly audit: AuditTrail,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const action = this.reflector.get<string | undefined>(AUDITED, context.getHandler())
    if (action === undefined) return next.handle()
    const request = context.switchToHttp().getRequest<KnownRequest>()
    const [resourceType = ""] = action.split(".")
    const { id } = request.params
    const given = typeof id === "string" && { resourceId: id }
    return next.handle().pipe(
      mergeMap((answer: unknown) => {
        const made = idOf(answer)
        const entry = {
          action,
          resourceType,
          ...(made !== undefined && { resourceId: made }),
          ...given,
        }
        return from(this.audit.record(request, entry)).pipe(map(() => answer))
      }),
      catchError(async (error: unknown) => {
        const details = { error: toApiError(error).code }
        const status = "failure"
        await this.audit.record(request, { action, resourceType, status, details, ...given })
        throw error
      }),
    )
  }
}

function idOf(answer: unknown): string | undefined {
  const { id, rotation_id: rotationId } = (answer ?? {}) as Partial<Record<string, unknown>>
  return [id, rotationId].find((one) => typeof one === "string")
}
