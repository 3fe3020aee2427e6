import { describe, expect, test } from "@jest/globals"
import { AfterLoad, type DataSource, Entity, type EntitySchema, PrimaryColumn } from "typeorm"

import { EncryptedColumn, encryptedColumn, withEncryption } from "../../../src"
import { keyring } from "../../support/keys"
import { boundSource, memorySource } from "../memory-source"
import { RecordingLogger } from "../recording-logger"
import { schema } from "../schema"

@Entity()
class Patient {
  @PrimaryColumn() id!: number
  @EncryptedColumn() ssn!: string
}

/** A DataSource that a change in TypeORM, imitated by `change`, makes bypass a seam. */
async function initializeChanged(
  change: (source: DataSource) => void,
  entity: EntitySchema | typeof Patient = Patient,
) {
  const logger = new RecordingLogger()
  const source = withEncryption(memorySource([entity], { logger }), { keyring })
  change(source)
  const outcome = await source.initialize().catch((error: unknown) => error)
  return { outcome, source, statements: logger.statements }
}

/** As if the driver were reached by another way than its method: the wrapper never takes. */
function pin(object: object, name: string): void {
  const method: unknown = Reflect.get(object, name)
  Object.defineProperty(object, name, { get: () => method, set: () => undefined })
}

describe("a DataSource whose TypeORM bypasses a seam", () => {
  test("does not start if written values are not encrypted", async () => {
    const { outcome, source, statements } = await initializeChanged(({ driver }) => {
      pin(driver, "preparePersistentValue")
    })

    expect(outcome).toMatchObject({ name: "EncryptionError", code: "ERR_SEAM_BROKEN" })
    expect((outcome as Error).message).toMatch(/^Patient\.ssn: .*does not encrypt it in an INSERT/)
    expect(source.isInitialized).toBe(false)
    expect(statements).toEqual([])
  })

  test("does not start if a column that is only updated is not encrypted", async () => {
    const entity = schema("patient", { secret: encryptedColumn({ insert: false }) })

    const { outcome } = await initializeChanged(({ driver }) => {
      pin(driver, "preparePersistentValue")
    }, entity)

    expect(outcome).toMatchObject({ code: "ERR_SEAM_BROKEN" })
    expect((outcome as Error).message).toContain("does not encrypt it in an UPDATE")
  })

  test("does not start if comparisons reach the database", async () => {
    const { outcome } = await initializeChanged(({ driver }) => {
      pin(driver, "escapeQueryWithParameters")
    })

    expect(outcome).toMatchObject({ code: "ERR_SEAM_BROKEN" })
    expect((outcome as Error).message).toContain("lets a comparison with it reach the database")
  })
})

describe("a DataSource whose TypeORM does not decrypt", () => {
  test("does not start if cells come to entities past the column", async () => {
    const { outcome, statements } = await initializeChanged(({ driver }) => {
      driver.prepareHydratedValue = (value: unknown): unknown => value
    })

    expect(outcome).toMatchObject({ code: "ERR_SEAM_BROKEN" })
    expect((outcome as Error).message).toMatch(/^Patient\.ssn: .*does not decrypt it in a SELECT/)
    expect(statements).toEqual([])
  })
})

let loaded = 0

@Entity()
class Watched {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ select: false, nullable: true }) ssn!: string | null
  @EncryptedColumn({ name: "Born on (year)", codec: "number" }) born!: number
  @AfterLoad() note(): void {
    loaded++
  }
}

describe("the canary", () => {
  test("reads what is not selected by itself, by any name, and is no event of the application", async () => {
    loaded = 0

    await boundSource([Watched])

    expect(loaded).toBe(0)
  })

  test.each([
    { insert: false },
    { update: false },
    { insert: false, update: false },
    { codec: "number" },
    { codec: "json" },
    { codec: "bytes" },
    { codec: "date", nullable: true, select: false },
    { type: "varchar", length: 100 },
    { blindIndex: true },
    { blindIndex: [true, { name: "second", bits: 8 }], codec: "date" },
  ] as const)("lets a column start that is %j", async (options) => {
    const entity = schema("patient", { secret: encryptedColumn(options) })

    expect((await boundSource([entity])).isInitialized).toBe(true)
  })

  test("lets overlapping indexes over several properties start", async () => {
    const entity = schema("patient", {
      a: encryptedColumn({ blindIndex: [{ with: ["b"] }, { with: ["b", "c"] }, true] }),
      b: encryptedColumn(),
      c: encryptedColumn({ blindIndex: { with: ["b"] } }),
    })

    expect((await boundSource([entity])).isInitialized).toBe(true)
  })

  test("asks the transformers of other columns for nothing", async () => {
    const cents = { to: (value: bigint) => value.toString(), from: BigInt }
    const entity = schema("payment", {
      amount: { type: "text", transformer: cents },
      note: encryptedColumn(),
    })
    const source = await boundSource([entity])

    await source.manager.insert(entity, { id: 1, amount: 5n, note: "x" } as object)

    expect(await source.manager.find(entity)).toEqual([{ id: 1, amount: 5n, note: "x" }])
  })

  test("needs no key", async () => {
    const source = withEncryption(memorySource([Patient]), { lazyKeys: true })

    expect((await source.initialize()).isInitialized).toBe(true)
  })
})
