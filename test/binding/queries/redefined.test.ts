import { beforeEach, describe, expect, test, jest } from "@jest/globals"
import { DataSource, Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"
import { keyring } from "../../support/keys"
import { memorySource } from "../memory-source"
import { RecordingLogger } from "../recording-logger"

@Entity()
class Patient {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: true }) email!: string
}

type Create = (...args: unknown[]) => ReturnType<DataSource["createQueryBuilder"]>

const pastGuard: (source: DataSource) => Create = (source) =>
  (Reflect.get(DataSource.prototype, "createQueryBuilder") as Create).bind(source)

describe("createQueryBuilder that is redefined after initialize()", () => {
  const logger = new RecordingLogger()
  let source: DataSource

  beforeEach(async () => {
    source = await withEncryption(memorySource([Patient], { logger, logging: ["query"] }), {
      keyring,
    }).initialize()
    await source.manager.insert(Patient, { id: 1, email: "ada@x" })
    logger.entries.length = 0
  })

  const define = (create: Create): void => {
    Object.defineProperty(source, "createQueryBuilder", { value: create, configurable: true })
  }
  const find = () =>
    source.manager.createQueryBuilder(Patient, "p").where("p.email = :email", { email: "ada@x" })

  test("has statements that name encrypted columns refused if it goes past the guard", async () => {
    define(pastGuard(source))
    const misuse = { code: "ERR_COLUMN_MISUSE" }

    await expect(find().getMany()).rejects.toMatchObject(misuse)
    await expect(source.manager.findBy(Patient, { id: 1 })).rejects.toMatchObject(misuse)
    await expect(source.manager.update(Patient, 1, { email: "b@x" })).rejects.toMatchObject(misuse)

    expect(logger.statements).toEqual([])
  })

  test("works if it calls what was there", async () => {
    const guarded = source.createQueryBuilder.bind(source) as Create
    define((...args) => guarded(...args))

    expect(await find().getMany()).toMatchObject([{ id: 1, email: "ada@x" }])
  })

  test("works as a spy", async () => {
    const spy = jest.spyOn(source, "createQueryBuilder")

    expect(await find().getMany()).toMatchObject([{ id: 1 }])
    expect(spy).toHaveBeenCalled()
  })

  test("is guarded if it is assigned", async () => {
    source.createQueryBuilder = pastGuard(source) as DataSource["createQueryBuilder"]

    expect(await find().getMany()).toMatchObject([{ id: 1, email: "ada@x" }])
  })

  test("leaves other statements alone", async () => {
    define(pastGuard(source))
    const count = source.createQueryBuilder().select("COUNT(*)", "n").from("patient", "p")

    expect(await count.getRawOne()).toEqual({ n: 1 })
  })
})
