import { createParamDecorator, type ExecutionContext, SetMetadata } from "@nestjs/common"
import type { Request } from "express"

import type { Scope } from "../entities/api-key.js"
import type { Role } from "../entities/user.js"

/** On whose behalf a request is made. */
export interface Principal {
  readonly userId: string
  readonly role: Role
  /** What its API key may be used for; without one it is a person, who signed in. */
  readonly scopes?: readonly Scope[]
}

/** A request whose principal the guard has found. */
export type KnownRequest = Request & { principal?: Principal }

/** Gives a handler the principal. */
export const Me = createParamDecorator((_: unknown, context: ExecutionContext) => {
  return context.switchToHttp().getRequest<KnownRequest>().principal
})

/** What a route asks of who calls it. */
export interface Access {
  /** Anybody may call it. */
  readonly isPublic?: boolean
  readonly role?: Role
  /** API keys with this scope may call it, and not only people who signed in. */
  readonly scope?: Scope
}

export const ACCESS = "vault:access"

/** Anybody may call it. */
export const Public = () => SetMetadata(ACCESS, { isPublic: true } satisfies Access)

/** Admins may call it. */
export const AdminOnly = () => SetMetadata(ACCESS, { role: "admin" } satisfies Access)

/** API keys with this scope may call it as well. */
export const Scoped = (scope: Scope) => SetMetadata(ACCESS, { scope } satisfies Access)
