import { type CanActivate, type ExecutionContext, Injectable } from "@nestjs/common"
import { Reflector } from "@nestjs/core"
import { InjectRepository } from "@nestjs/typeorm"
import { Repository } from "typeorm"

import { ApiKeys } from "../api-keys/api-keys.js"
import { User } from "../entities/user.js"
import { ApiError } from "../http/api-error.js"
import { Guesses } from "./guesses.js"
import { type Access, ACCESS, type KnownRequest, type Principal } from "./principal.js"

/** Finds out on whose behalf a request is made, and whether they may. All routes are closed to begin with. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly apiKeys: ApiKeys,
    private readonly guesses: Guesses,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const handlers = [context.getHandler(), context.getClass()]
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, handlers) ?? {}
    if (access.isPublic) return true
    const request = context.switchToHttp().getRequest<KnownRequest>()
    const { authorization } = request.headers
    const principal =
      authorization === undefined
        ? await this.#bySession(request.session.userId)
        : await this.#byApiKey(authorization, request.ip ?? "")
    if (!principal) throw new ApiError(401, "not_signed_in", "Sign in first.")
    const isScoped = access.scope !== undefined && principal.scopes?.includes(access.scope)
    const isAllowed = principal.scopes ? isScoped : !access.role || access.role === principal.role
    if (!isAllowed) throw new ApiError(403, "forbidden", "You may not do that.")
    request.principal = principal
    return true
  }

  async #bySession(userId: string | undefined): Promise<Principal | undefined> {
    const user =
      userId &&
      (await this.users.findOne({ select: { id: true, role: true }, where: { id: userId } }))
    return user ? { userId: user.id, role: user.role } : undefined
  }

  async #byApiKey(authorization: string, address: string): Promise<Principal | undefined> {
    await this.guesses.requireFew("api-key", address)
    const [, key] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
    const found = key === undefined ? undefined : await this.apiKeys.verify(key)
    if (!found) {
      await this.guesses.count("api-key", address)
      return undefined
    }
    // An admin's key does what its scopes say, and nothing of an admin's
    return { userId: found.ownerId, role: "member", scopes: found.scopes }
  }
}
