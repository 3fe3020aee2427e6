import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from "@nestjs/common"
import { Observable } from "rxjs"
import { runWithActor } from "typeorm-fernet"

import type { KnownRequest } from "./principal.js"

/** Has what a handler does with credentials done in the name of who asked for it. */
@Injectable()
export class ActingInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { principal } = context.switchToHttp().getRequest<KnownRequest>()
    if (!principal) return next.handle()
    return new Observable((subscriber) =>
      runWithActor(principal.userId, () => next.handle().subscribe(subscriber)),
    )
  }
}
