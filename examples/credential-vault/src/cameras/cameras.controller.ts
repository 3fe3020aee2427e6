import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from "@nestjs/common"
import { InjectRepository } from "@nestjs/typeorm"
import { Repository } from "typeorm"
import { Sealed } from "typeorm-fernet"
import { z } from "zod"

import { Audited } from "../audit/audited.js"
import { Me, type Principal, Scoped } from "../auth/principal.js"
import { Camera } from "../entities/camera.js"
import { notFound } from "../http/api-error.js"
import { MASK } from "../http/mask.js"
import { credential, id as uuid, name, textOf } from "../http/validation.js"
import { Outbound, whyUnreachable } from "../outbound/outbound.js"

const url = z.url({ protocol: /^https?$/ }).max(2000)
const creation = z.strictObject({ name, url, username: textOf(200), password: credential })
const change = creation.partial()
const page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
})

/** Cameras, and what they are signed in to with. Answers never hold a password. */
@Controller("api/v1/cameras")
export class CamerasController {
  constructor(
    @InjectRepository(Camera) private readonly cameras: Repository<Camera>,
    private readonly outbound: Outbound,
  ) {}

  @Get()
  @Scoped("read")
  async list(
    @Query({ schema: page }) { limit, offset }: z.infer<typeof page>,
    @Me() { userId: ownerId }: Principal,
  ): Promise<object[]> {
    const cameras = await this.cameras.find({
      where: { ownerId },
      order: { name: "ASC", id: "ASC" },
      take: limit,
      skip: offset,
    })
    return cameras.map(toBody)
  }

  @Get(":id")
  @Scoped("read")
  async one(@Param("id", { schema: uuid }) id: string, @Me() me: Principal): Promise<object> {
    return toBody(await this.#find(id, me))
  }

  @Post()
  @Scoped("write")
  @Audited("camera.create")
  async create(
    @Body({ schema: creation }) body: z.infer<typeof creation>,
    @Me() { userId: ownerId }: Principal,
  ): Promise<object> {
    this.outbound.requireSendable(body.url)
    const password = Sealed.of(body.password)
    return toBody(await this.cameras.save({ ...body, password, ownerId }))
  }

  @Patch(":id")
  @Scoped("write")
  @Audited("camera.update")
  async change(
    @Param("id", { schema: uuid }) id: string,
    @Body({ schema: change }) body: z.infer<typeof change>,
    @Me() me: Principal,
  ): Promise<object> {
    if (body.url !== undefined) this.outbound.requireSendable(body.url)
    const { password, ...rest } = body
    const camera = Object.assign(await this.#find(id, me), rest)
    if (password !== undefined) camera.password = Sealed.of(password)
    return toBody(await this.cameras.save(camera))
  }

  @Delete(":id")
  @Scoped("write")
  @Audited("camera.delete")
  async delete(
    @Param("id", { schema: uuid }) id: string,
    @Me() { userId: ownerId }: Principal,
  ): Promise<object> {
    const { affected } = await this.cameras.delete({ id, ownerId })
    if (!affected) throw notFound("camera")
    return { status: "deleted", id }
  }

  @Post(":id/connect")
  @HttpCode(200)
  @Scoped("read")
  @Audited("camera.connect")
  async connect(@Param("id", { schema: uuid }) id: string, @Me() me: Principal): Promise<object> {
    const camera = await this.#find(id, me)
    // #region use-the-plaintext
    const password = await camera.password.revealRecorded()
    const login = Buffer.from(`${camera.username}:${password}`).toString("base64")
    // #endregion
    try {
      const headers = { authorization: `Basic ${login}` }
      const { status } = await this.outbound.send(camera.url, { method: "GET", headers })
      if (status < 300) return { connected: true, message: "The camera answers." }
      const isRefused = status === 401 || status === 403
      const message = isRefused
        ? "The camera refuses this login."
        : `The camera answered ${status}.`
      return { connected: false, message }
    } catch (error) {
      return { connected: false, message: whyUnreachable(error) }
    }
  }

  async #find(id: string, { userId: ownerId }: Principal): Promise<Camera> {
    const camera = await this.cameras.findOneBy({ id, ownerId })
    if (!camera) throw notFound("camera")
    return camera
  }
}

function toBody({ id, name, url, username, createdAt, updatedAt }: Camera): object {
  return {
    ...{ id, name, url, username, password: MASK },
    created_at: createdAt,
    updated_at: updatedAt,
  }
}
