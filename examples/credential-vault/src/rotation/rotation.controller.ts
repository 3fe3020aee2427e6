import {
  Body,
  Controller,
  Get,
  HttpCode,
  type MessageEvent,
  Param,
  Post,
  Sse,
} from "@nestjs/common"
import { SkipThrottle } from "@nestjs/throttler"
import { concatMap, distinctUntilChanged, map, type Observable, takeWhile, timer } from "rxjs"
import { z } from "zod"

import { Audited } from "../audit/audited.js"
import { AdminOnly, Me, type Principal } from "../auth/principal.js"
import type { Rotation } from "../entities/rotation.js"
import { notFound } from "../http/api-error.js"
import { id as uuid, textOf } from "../http/validation.js"
import { Rotations } from "./rotations.js"

const beginning = z.strictObject({ notes: textOf(1000).default("") })

/** Rotating the keys of the data, for admins. */
@Controller("api/encryption")
@AdminOnly()
export class RotationController {
  constructor(private readonly rotations: Rotations) {}

  @Post("rotate")
  @HttpCode(202)
  @Audited("rotation.create")
  async begin(
    @Body({ schema: beginning.prefault({}) }) { notes }: z.infer<typeof beginning>,
    @Me() { userId }: Principal,
  ): Promise<object> {
    const { id } = await this.rotations.begin(userId, notes)
    return { rotation_id: id, status: "pending", message: "The rotation will begin in a moment." }
  }

  @Get("rotations")
  async list(): Promise<object[]> {
    const rotations = await this.rotations.list()
    return rotations.map((rotation) => ({
      ...toBody(rotation),
      notes: rotation.notes,
      problem: rotation.problem,
    }))
  }

  @Get("rotation-status/:id")
  async status(@Param("id", { schema: uuid }) id: string): Promise<object> {
    return toBody(await this.#find(id))
  }

  /** The same, whenever it changes, until it is over. */
  @Sse("rotation-status/:id/events")
  @SkipThrottle()
  async events(@Param("id", { schema: uuid }) id: string): Promise<Observable<MessageEvent>> {
    await this.#find(id)
    return timer(0, 300).pipe(
      concatMap(async () => toBody(await this.#find(id))),
      distinctUntilChanged((one, other) => JSON.stringify(one) === JSON.stringify(other)),
      takeWhile(
        ({ rotation_status: status }) => status !== "completed" && status !== "failed",
        true,
      ),
      map((data) => ({ data })),
    )
  }

  async #find(id: string): Promise<Rotation> {
    const rotation = await this.rotations.find(id)
    if (!rotation) throw notFound("rotation")
    return rotation
  }
}

function toBody(rotation: Rotation) {
  const { totalRecords, rotatedRecords, failedRecords, status } = rotation
  const done = rotatedRecords + failedRecords
  const percent = totalRecords === 0 ? 0 : Math.min(100, Math.floor((100 * done) / totalRecords))
  return {
    id: rotation.id,
    old_key_version: rotation.oldKeyVersion,
    new_key_version: rotation.newKeyVersion,
    timestamp: rotation.timestamp,
    rotation_status: status,
    total_records: totalRecords,
    rotated_records: rotatedRecords,
    failed_records: failedRecords,
    progress_percent: status === "completed" ? 100 : percent,
  }
}
