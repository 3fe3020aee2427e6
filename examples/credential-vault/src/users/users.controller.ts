import { Body, Controller, Get, Post } from "@nestjs/common"
import { InjectRepository } from "@nestjs/typeorm"
import { Repository } from "typeorm"
import { z } from "zod"

import { Audited } from "../audit/audited.js"
import { hashPassword } from "../auth/passwords.js"
import { AdminOnly } from "../auth/principal.js"
import { roles, User } from "../entities/user.js"
import { textOf } from "../http/validation.js"

const creation = z.strictObject({
  email: z.email().max(320),
  password: textOf(1024).min(12),
  role: z.enum(roles).default("member"),
})

/** Those who may sign in, for admins. */
@Controller("api/users")
@AdminOnly()
export class UsersController {
  constructor(@InjectRepository(User) private readonly users: Repository<User>) {}

  @Get()
  async list(): Promise<object[]> {
    return (await this.users.find({ order: { createdAt: "ASC", id: "ASC" } })).map(toBody)
  }

  @Post()
  @Audited("user.create")
  async create(@Body({ schema: creation }) body: z.infer<typeof creation>): Promise<object> {
    const { email, role, password } = body
    const passwordHash = await hashPassword(password)
    return toBody(await this.users.save({ email, role, passwordHash }))
  }
}

function toBody({ id, email, role, createdAt }: User): object {
  return { id, email, role, created_at: createdAt }
}
