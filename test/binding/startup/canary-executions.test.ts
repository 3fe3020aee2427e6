import { describe, expect, test } from "@jest/globals"
import { AfterLoad, type DataSource, Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"
import { keyring } from "../../support/keys"
import { boundSource, memorySource } from "../memory-source"
import { RecordingLogger } from "../recording-logger"

let loaded = 0

@Entity()
class Patient {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: true }) ssn!: string
  @EncryptedColumn({ blindIndex: { bits: 8 } }) city!: string
  @EncryptedColumn({ nullable: true }) note!: string | null
  @AfterLoad() load(): void {
    loaded++
  }
}

/** A query builder, with what is protected of it. */
type Builder = Record<string, (...args: unknown[]) => unknown> & { expressionMap: object }

/** As if TypeORM no longer went by a member: what takes its place never does. */
function pin(object: object, name: string): void {
  const member: unknown = Reflect.get(object, name)
  const pinned = { get: () => member, set: () => undefined, configurable: false }
  Object.defineProperty(object, name, pinned)
}

/** How a DataSource fails to initialize whose query builders are changed once its columns are bound. */
async function failureOf(
  change: (builder: Builder, source: DataSource) => void,
  before: (source: DataSource) => void = () => undefined,
): Promise<string> {
  const logger = new RecordingLogger()
  const source = withEncryption(memorySource([Patient], { logger }), { keyring })
  const create = source.createQueryBuilder.bind(source) as (...args: unknown[]) => unknown
  source.createQueryBuilder = ((...args: unknown[]) => {
    const builder = create(...args)
    const isBound = source.entityMetadatas[0]?.columns.some(
      ({ databaseName }) => databaseName === "ssn_bidx",
    )
    if (isBound) change(builder as Builder, source)
    return builder
  }) as typeof source.createQueryBuilder
  before(source)
  const outcome: unknown = await source.initialize().catch((error: unknown) => error)
  if (source.isInitialized) throw new Error("It started.")
  expect(outcome).toMatchObject({ code: "ERR_SEAM_BROKEN" })
  expect(logger.statements).toEqual([])
  return (outcome as Error).message
}

describe("a DataSource does not start if its TypeORM", () => {
  test("returns what a truncated index found without the check", async () => {
    const message = await failureOf((builder) => {
      const { executeEntitiesAndRawResults: execute } = builder
      if (execute) builder.executeEntitiesAndRawResults = execute.bind(builder)
    })

    expect(message).toMatch(
      /^Patient\.city: .*does not check what its blind index of few bits finds/,
    )
  })

  test("counts what it found without the check", async () => {
    const message = await failureOf((builder) => {
      const { executeCountQuery: count } = builder
      if (!count) return
      Object.defineProperty(builder, "executeCountQuery", {
        get: () => () => Promise.resolve(2),
        set: () => undefined,
      })
    })

    expect(message).toContain("does not check what its blind index of few bits finds")
  })

  test("orders by ciphertext", async () => {
    const message = await failureOf((builder) => {
      const { replacePropertyNamesForTheWholeQuery: replace } = builder
      builder.replacePropertyNamesForTheWholeQuery = (sql) => replace?.call(builder, sql)
      pin(builder, "replacePropertyNamesForTheWholeQuery")
    })

    expect(message).toMatch(/^Patient\.ssn: .*lets an order by it reach the database/)
  })

  test("puts tokens that are returned into entities", async () => {
    const message = await failureOf(
      () => undefined,
      ({ driver }) => {
        driver.isReturningSqlSupported = () => true
        driver.createGeneratedMap = (_metadata, row: object) =>
          Object.fromEntries(Object.entries(row))
        pin(driver, "createGeneratedMap")
      },
    )

    expect(message).toMatch(/^Patient\.ssn: .*does not decrypt what an INSERT returns/)
  })

  test("sets properties that were not loaded to null past the column", async () => {
    const message = await failureOf((_builder, source) => {
      const column = source.getMetadata(Patient).findColumnWithPropertyName("note")
      if (column) delete (column as Partial<typeof column>).setEntityValue
    })

    expect(message).toMatch(/^Patient\.note: .*takes it for NULL where it was not loaded/)
  })

  test("shows what is sought in an error", async () => {
    const message = await failureOf(
      (builder) => {
        pin(builder, "getOne")
      },
      (source) => {
        pin(source, "createEntityManager")
      },
    )

    expect(message).toMatch(/^Patient\.ssn: .*shows what is sought in an EntityNotFoundError/)
  })

  test("overwrites in an upsert by another list than it is told", async () => {
    const message = await failureOf((builder) => {
      const { insert } = builder
      builder.insert = () => {
        const inserting = insert?.call(builder) as Builder
        const { orUpdate } = inserting
        inserting.orUpdate = (...args) => {
          orUpdate?.apply(inserting, args)
          pin(inserting.expressionMap, "onUpdate")
          return inserting
        }
        return inserting
      }
    })

    expect(message).toMatch(/^Patient\.ssn: .*does not write its blind index in an upsert/)
  })
})

test("what the canary has answered is no event of the application, and no statement", async () => {
  loaded = 0

  const source = await boundSource([Patient])

  expect(loaded).toBe(0)
  expect(source.isInitialized).toBe(true)
})
