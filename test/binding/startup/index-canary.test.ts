import { describe, expect, test } from "@jest/globals"
import { type DataSource, Entity, PrimaryColumn, type SelectQueryBuilder } from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"
import { keyring } from "../../support/keys"
import { memorySource, rejection } from "../memory-source"
import { RecordingLogger } from "../recording-logger"

@Entity()
class Patient {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: true }) ssn!: string
}

/** The companion columns of a DataSource at the moment its metadata is built and not proven yet. */
function companionOf(source: DataSource) {
  const column = declaredCompanion(source)
  if (column) return column
  throw new Error("there is no companion")
}

function declaredCompanion({ entityMetadatas }: DataSource) {
  return entityMetadatas[0]?.columns.find(({ databaseName }) => databaseName === "ssn_bidx")
}

/** Initializes a DataSource that is changed along with its query builders. */
async function initializeChanged(
  change: (source: DataSource, builder: SelectQueryBuilder<object>) => void,
) {
  const logger = new RecordingLogger()
  const source = withEncryption(memorySource([Patient], { logger }), { keyring })
  const createQueryBuilder = source.createQueryBuilder.bind(source)
  source.createQueryBuilder = ((...args: []) => {
    const builder = createQueryBuilder(...args) as SelectQueryBuilder<object>
    // Before it is declared, TypeORM's builders are looked at as well
    if (declaredCompanion(source)) change(source, builder)
    return builder
  }) as typeof source.createQueryBuilder
  return { error: await rejection(source.initialize()), statements: logger.statements }
}

describe("a DataSource whose TypeORM bypasses a blind index", () => {
  test("does not start if an INSERT leaves the index out", async () => {
    const { error, statements } = await initializeChanged((source) => {
      companionOf(source).isInsert = false
    })

    expect(error).toMatchObject({ code: "ERR_SEAM_BROKEN" })
    expect(error.message).toMatch(/^Patient\.ssn: .*does not encrypt it in an INSERT/)
    expect(statements).toEqual([])
  })

  test("does not start if an UPDATE leaves the index out", async () => {
    const { error } = await initializeChanged((source) => {
      companionOf(source).isUpdate = false
    })

    expect(error.message).toMatch(/^Patient\.ssn: .*does not encrypt it in an UPDATE/)
  })

  test("does not start if it reads the index from elsewhere", async () => {
    const { error } = await initializeChanged((source) => {
      companionOf(source).getEntityValue = () => undefined
    })

    expect(error).toMatchObject({ code: "ERR_SEAM_BROKEN" })
  })

  test("does not start if conditions are not compiled", async () => {
    const { error } = await initializeChanged((_source, builder) => {
      const where = builder.where.bind(builder)
      Object.defineProperty(builder, "where", { get: () => where, set: () => undefined })
    })

    expect(error).toMatchObject({ code: "ERR_SEAM_BROKEN" })
    expect(error.message).toContain("does not search it by its blind index")
  })
})
