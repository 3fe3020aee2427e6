import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals"
import { Column, type DataSource, Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"
import { keyring } from "../../support/keys"
import { memorySource, rejection } from "../memory-source"
import { RecordingLogger } from "../recording-logger"

@Entity("sick")
class Patient {
  @PrimaryColumn() id!: number
  @EncryptedColumn() ssn!: string
  @Column({ default: "" }) town!: string
}

@Entity()
class Ward {
  @PrimaryColumn() id!: number
}

const logger = new RecordingLogger()
let source: DataSource

beforeAll(async () => {
  source = withEncryption(memorySource([Patient, Ward], { logger }), { keyring })
  await source.initialize()
})

beforeEach(() => {
  logger.entries.length = 0
})

describe("a string of WITH", () => {
  const wards = (sql: string) =>
    source.createQueryBuilder(Ward, "w").addCommonTableExpression(sql, "c").where("w.id = 1")

  test.each([
    "UPDATE sick SET ssn = :ssn RETURNING id",
    'WITH d AS (SELECT 1) update only main."SICK" AS s SET ssn = :ssn',
    "INSERT /* x */ INTO sick (id, ssn) VALUES (1, :ssn)",
  ])("that writes encrypted columns is refused: %s", async (sql) => {
    const error = await rejection(wards(sql).setParameters({ ssn: "078" }).getMany())

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Patient" })
    expect(error.message).toMatch(/is not encrypted\. Pass a query builder/)
    expect(logger.statements).toEqual([])
  })

  test.each([
    "UPDATE ward SET id = 2 RETURNING id",
    "SELECT id FROM sick FOR UPDATE",
    "SELECT 'UPDATE sick' AS text",
  ])("that does not is TypeORM's: %s", (sql) => {
    expect(wards(sql).getQuery()).toContain(sql)
  })
})

describe("a write by the name of a table", () => {
  test("that TypeORM takes for the entity encrypts as that", async () => {
    await source.createQueryBuilder().insert().into("sick").values({ id: 7, ssn: "x" }).execute()

    const [row] = await source.query<{ ssn: string }[]>("SELECT ssn FROM sick WHERE id = 7")
    expect(keyring.decryptText(row?.ssn ?? "")).toBe("x")
  })

  test.each(["SICK", '"sick"', "main.sick", 'main."sick"', "`sick`", "[sick]"])(
    "with encrypted columns is refused: %s",
    async (table) => {
      const insert = source.createQueryBuilder().insert().into(table).values({ id: 1, ssn: "x" })
      const update = source.createQueryBuilder().update(table).set({ ssn: "x" }).where("id = 1")

      for (const builder of [insert, update]) {
        const error = await rejection(builder.execute())
        expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Patient" })
        expect(error.message).toContain("Pass the entity instead of the table's name")
      }
      expect(logger.statements).toEqual([])
    },
  )

  test("without them is TypeORM's", async () => {
    await source.createQueryBuilder().insert().into("ward").values({ id: 1 }).execute()

    expect(await source.getRepository(Ward).count()).toBe(1)
  })

  test("is none of a statement that reads or deletes", async () => {
    await source.createQueryBuilder().select("id").from("sick", "s").getRawMany()
    await source.createQueryBuilder().delete().from("sick").where("id = 1").execute()

    expect(logger.statements).toHaveLength(2)
  })
})

describe("an INSERT of what a selection yields", () => {
  const insertOf = (columns?: string[]): string => {
    const builder = source.createQueryBuilder().insert().into(Patient, columns).values({ id: 1 })
    // Of TypeORM from 1.1
    Object.assign(builder.expressionMap, { insertFromSelect: "SELECT 1" })
    return builder.getQuery()
  }

  test("is refused if an encrypted column is among its columns, or all are", () => {
    for (const columns of [["id", "ssn"], ["ssn"], undefined]) {
      expect(() => insertOf(columns)).toThrow(
        "Patient.ssn is encrypted: what a SQL expression yields cannot be encrypted",
      )
    }
  })

  test("is TypeORM's if none is", () => {
    expect(() => insertOf(["id", "town"])).not.toThrow("encrypted")
  })
})
