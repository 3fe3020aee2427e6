import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from "@nestjs/common"
import { InjectDataSource, InjectRepository } from "@nestjs/typeorm"
import type { Logger } from "pino"
import { DataSource, In, Repository } from "typeorm"
import { generateKey, inspectColumns, reloadKeys, rotateColumns } from "typeorm-fernet"

import { CONFIG, type Config } from "../config/config.js"
import { KeyStore } from "../config/key-store.js"
import { encryptedEntities } from "../entities/index.js"
import { Rotation } from "../entities/rotation.js"
import { ApiError } from "../http/api-error.js"
import { Jobs, LOGGER } from "../jobs/jobs.js"
import { KeyVersions } from "./key-versions.js"

const QUEUE = "rotations"
const unfinished = ["pending", "running", "verifying"] as const

/** One rotation at a time, in whichever process. */
const LOCK =
  "SELECT pg_try_advisory_lock(hashtext('credential-vault'), hashtext('rotation')) AS mine"
const UNLOCK = "SELECT pg_advisory_unlock(hashtext('credential-vault'), hashtext('rotation'))"

/**
 * Rotates the keys of the data: puts a new key in front, writes every token anew under it, and proves that
 * none is left under another. What is left to do is read from the table of rotations and from the tokens
 * themselves, so that it goes on where it was when its process ended.
 */
@Injectable()
export class Rotations implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #ending = new AbortController()

  constructor(
    @InjectRepository(Rotation) private readonly rotations: Repository<Rotation>,
    @InjectDataSource() private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly keys: KeyStore,
    private readonly versions: KeyVersions,
    private readonly jobs: Jobs,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.versions.current(this.keys.fingerprints())
    const { boss } = this.jobs
    await boss.createQueue(QUEUE)
    const options = { pollingIntervalSeconds: 0.5, includeMetadata: true } as const
    await boss.work<{ readonly id: string }>(QUEUE, options, async ([job]) => {
      if (job) await this.#run(job.data.id, job.retryCount >= job.retryLimit)
    })
    // Those of a process that ended in the middle of them
    for (const { id } of await this.rotations.findBy({ status: In(unfinished) }))
      await this.#enqueue(id)
  }

  /** The batch at hand is finished; the rest is for the next process. */
  beforeApplicationShutdown(): void {
    this.#ending.abort()
  }

  /**
   * Begins a rotation.
   *
   * @throws {@link ApiError} 409 if there is one already, or the keys are not the vault's to change
   */
  async begin(startedBy: string, notes: string): Promise<Rotation> {
    if (!this.keys.isWritable && this.keys.fingerprints().length < 2) {
      throw new ApiError(
        409,
        "keys_read_only",
        "The vault cannot write its keys here. Put a new key in front yourself, and start it again.",
      )
    }
    if (await this.rotations.existsBy({ status: In(unfinished) })) {
      throw new ApiError(409, "rotation_running", "A rotation is under way.")
    }
    const rotation = await this.rotations.save({ startedBy, notes })
    await this.#enqueue(rotation.id)
    return rotation
  }

  find(id: string): Promise<Rotation | null> {
    return this.rotations.findOneBy({ id })
  }

  list(): Promise<Rotation[]> {
    return this.rotations.find({ order: { timestamp: "DESC" }, take: 20 })
  }

  async #enqueue(id: string): Promise<void> {
    await this.jobs.boss.send(QUEUE, { id }, { retryLimit: 5, retryDelay: 1, expireInHours: 23 })
  }

  async #run(id: string, isLastAttempt: boolean): Promise<void> {
    const lock = this.dataSource.createQueryRunner()
    const [{ mine }] = (await lock.query(LOCK)) as [{ mine: boolean }]
    try {
      const rotation = mine ? await this.find(id) : null
      if (rotation && unfinished.some((status) => status === rotation.status))
        await this.#rotate(rotation)
    } catch (error) {
      this.logger.error({ err: error, rotation: id }, "a rotation was interrupted")
      const problem =
        "It could not be finished; the log says why. A new one goes on where it ended."
      if (isLastAttempt) await this.rotations.update({ id }, { status: "failed", problem })
      throw error
    } finally {
      if (mine) await lock.query(UNLOCK)
      await lock.release()
    }
  }

  async #rotate(rotation: Rotation): Promise<void> {
    await this.#takeNewKey(rotation)
    let [rotated, failed] = [0, 0]
    rotation.totalRecords = await this.#count()
    for (const entity of encryptedEntities) {
      const before = { rotated, failed }
      const tell = this.#teller(rotation)
      // #region rotate
      const report = await rotateColumns(this.dataSource, entity, {
        batchSize: this.config.ROTATION_BATCH,
        pauseMs: this.config.ROTATION_PAUSE_MS,
        signal: this.#ending.signal,
        onProgress: ({ phase, done, failed }) => {
          if (phase === "change") tell(before.rotated + done - failed, before.failed + failed)
        },
      })
      // #endregion
      if (!report.completed) return
      rotated += report.rows - report.failed
      failed += report.failed
    }
    Object.assign(rotation, { rotatedRecords: rotated, failedRecords: failed, status: "verifying" })
    await this.rotations.save(rotation)
    const problems = await this.#verify()
    const problem = problems.join(" ") || null
    Object.assign(rotation, { problem, status: problem ? "failed" : "completed" })
    await this.rotations.save(rotation)
    this.logger.info({ rotation: rotation.id, status: rotation.status }, "a rotation ended")
  }

  /** Made once: whoever goes on with the rotation finds the key in front already. */
  async #takeNewKey(rotation: Rotation): Promise<void> {
    const fingerprints = this.keys.fingerprints()
    const first = await this.versions.current(fingerprints)
    if (rotation.oldKeyVersion === null) {
      // Where the vault cannot write, somebody put the new key in front
      const old = this.keys.isWritable ? first : await this.versions.of(fingerprints[1] ?? "")
      Object.assign(rotation, { oldKeyVersion: old, status: "running" })
      await this.rotations.save(rotation)
    }
    if (first === rotation.oldKeyVersion) this.keys.prepend(generateKey())
    // #region reload
    await reloadKeys(this.dataSource, { forget: true })
    // #endregion
    rotation.newKeyVersion = await this.versions.current(this.keys.fingerprints())
    await this.rotations.save(rotation)
  }

  async #count(): Promise<number> {
    let total = 0
    for (const entity of encryptedEntities)
      total += await this.dataSource.getRepository(entity).count()
    return total
  }

  /** Saves one at a time, and of those that come meanwhile the last. */
  #teller(rotation: Rotation): (rotated: number, failed: number) => void {
    let saving: Promise<unknown> | undefined
    return (rotatedRecords, failedRecords) => {
      Object.assign(rotation, { rotatedRecords, failedRecords })
      saving ??= this.rotations
        .update(
          { id: rotation.id },
          { rotatedRecords, failedRecords, totalRecords: rotation.totalRecords },
        )
        .catch((error: unknown) => this.logger.error({ err: error }, "progress was not saved"))
        .finally(() => {
          saving = undefined
        })
    }
  }

  /** Opens every token once more, and says what is not as it should be. */
  async #verify(): Promise<string[]> {
    const problems: string[] = []
    for (const entity of encryptedEntities) {
      const { columns } = await inspectColumns(this.dataSource, entity)
      for (const [column, { after }] of Object.entries(columns)) {
        const stale = Object.values(after.stale).reduce((sum, count) => sum + count, 0)
        const left = stale + after.shared + after.unreadable + after.plaintext
        if (left > 0) problems.push(`${column}: ${left} cells are not under the new key.`)
      }
    }
    return problems
  }
}
