import { promisify } from "node:util"

import { Body, Controller, Delete, Get, HttpCode, Inject, Post, Req, Res } from "@nestjs/common"
import { Throttle } from "@nestjs/throttler"
import { InjectRepository } from "@nestjs/typeorm"
import type { Request, Response } from "express"
import { Repository } from "typeorm"
import { z } from "zod"

import { AuditTrail } from "../audit/audit-trail.js"
import { User } from "../entities/user.js"
import { ApiError } from "../http/api-error.js"
import { CSRF, type Csrf } from "../http/security.js"
import { textOf } from "../http/validation.js"
import { Guesses } from "./guesses.js"
import { isPassword } from "./passwords.js"
import { Public } from "./principal.js"

const credentials = z.strictObject({ email: textOf(320), password: textOf(1024) })

/** Who is signed in, and what the page sends with its changes. */
interface SessionBody {
  readonly user: { readonly id: string; readonly email: string; readonly role: string } | null
  readonly csrf_token: string | null
}

/** Signing in and out. */
@Controller("api/session")
@Public()
export class SessionController {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    @Inject(CSRF) private readonly csrf: Csrf,
    private readonly guesses: Guesses,
    private readonly audit: AuditTrail,
  ) {}

  @Get()
  async current(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SessionBody> {
    const { userId } = request.session
    const user = userId ? await this.users.findOneBy({ id: userId }) : null
    return this.#body(user, request, response)
  }

  @Post()
  @HttpCode(200)
  @Throttle({ default: { limit: 30, ttl: 60_000 } })
  async signIn(
    @Body({ schema: credentials }) { email, password }: z.infer<typeof credentials>,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SessionBody> {
    const account = email.trim().toLowerCase()
    // Before the password is hashed, which takes its time
    await this.guesses.requireFew("account", account)
    // #region find-by-email
    const user = await this.users.findOneBy({ email })
    // #endregion
    if (!(await isPassword(password, user?.passwordHash)) || !user) {
      await this.guesses.count("account", account)
      await this.audit.record(request, {
        action: "session.create",
        resourceType: "session",
        status: "failure",
        userId: user?.id ?? null,
      })
      throw new ApiError(401, "wrong_credentials", "Email or password is wrong.")
    }
    await this.guesses.forget("account", account)
    // A new id, so that one that somebody planted is worth nothing
    await promisify(request.session.regenerate.bind(request.session))()
    request.session.userId = user.id
    await promisify(request.session.save.bind(request.session))()
    await this.audit.record(request, {
      action: "session.create",
      resourceType: "session",
      userId: user.id,
    })
    return this.#body(user, request, response)
  }

  @Delete()
  @HttpCode(200)
  async signOut(@Req() request: Request): Promise<SessionBody> {
    const { userId } = request.session
    await promisify(request.session.destroy.bind(request.session))()
    if (userId) {
      await this.audit.record(request, {
        action: "session.delete",
        resourceType: "session",
        userId,
      })
    }
    return { user: null, csrf_token: null }
  }

  #body(user: User | null, request: Request, response: Response): SessionBody {
    if (!user) return { user: null, csrf_token: null }
    const { id, email, role } = user
    return { user: { id, email, role }, csrf_token: this.csrf.tokenFor(request, response) }
  }
}
