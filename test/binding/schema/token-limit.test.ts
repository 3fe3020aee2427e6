import { describe, expect, test } from "@jest/globals"

import { encryptedColumn, encryptFor } from "../../../src"
import type { ColumnMetadata } from "../../../src/binding/typeorm-internals"
import { tokenLimit } from "../../../src/binding/schema/token-limit"
import { keyring } from "../../support/keys"
import { withEncryption } from "../../../src"
import { boundSource, memorySource, rejection } from "../memory-source"
import { RecordingLogger } from "../recording-logger"
import { schema } from "../schema"

const column = (type: string, length = ""): ColumnMetadata =>
  // All that the limit depends on
  ({ type, length }) as unknown as ColumnMetadata

describe("tokenLimit", () => {
  test.each(["postgres", "mysql", "mariadb", "better-sqlite3"] as const)(
    "is the declared length on %s",
    (driver) => {
      expect(tokenLimit(column("varchar", "255"), driver)).toBe(255)
    },
  )

  test.each(["mysql", "mariadb", "aurora-mysql"] as const)("is the type's on %s", (driver) => {
    expect(tokenLimit(column("text"), driver)).toBe(65_535)
    expect(tokenLimit(column("mediumtext"), driver)).toBe(16_777_215)
    expect(tokenLimit(column("longtext"), driver)).toBe(4_294_967_295)
    expect(tokenLimit(column("varchar"), driver)).toBe(255)
  })

  test.each(["postgres", "better-sqlite3"] as const)("does not exist on %s otherwise", (driver) => {
    expect(tokenLimit(column("text"), driver)).toBeUndefined()
    expect(tokenLimit(column("varchar"), driver)).toBeUndefined()
  })
})

const patientWith = (length: number) =>
  schema<{ ssn: string }>("patient", { ssn: encryptedColumn({ type: "varchar", length }) })

describe("a varchar column", () => {
  test.each([
    [100, 15],
    [164, 63],
    [255, 127],
    [268, 143],
  ])("of %i characters holds %i bytes and not one more", async (length, bytes) => {
    const entity = patientWith(length)
    const dataSource = await boundSource([entity])

    expect(encryptFor(dataSource, entity, "ssn", "x".repeat(bytes))?.length).toBeLessThanOrEqual(
      length,
    )
    expect(() => encryptFor(dataSource, entity, "ssn", "x".repeat(bytes + 1))).toThrow(
      `and the column holds ${length}; use a wider column type.`,
    )
  })

  test("counts bytes, not characters", async () => {
    const entity = patientWith(100)
    const dataSource = await boundSource([entity])

    expect(() => encryptFor(dataSource, entity, "ssn", "é".repeat(8))).toThrow("has 120 characters")
  })

  test("refuses too long a value before a statement is sent", async () => {
    const logger = new RecordingLogger()
    const entity = patientWith(100)
    const source = withEncryption(memorySource([entity], { logger }), { keyring })
    const patients = (await source.initialize()).getRepository(entity)
    logger.entries.length = 0

    const error = await rejection(patients.insert({ id: 1, ssn: "078-05-1120 and more" }))

    expect(error).toMatchObject({ code: "ERR_INVALID_VALUE" })
    expect(error.message).toMatch(/^patient\.ssn: the token of this value has 120 characters/)
    expect(logger.statements).toEqual([])
  })
})
