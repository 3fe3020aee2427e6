import { beforeAll, describe, expect, test } from "@jest/globals"
import { Column, type DataSource, Entity, type InsertQueryBuilder, PrimaryColumn } from "typeorm"

import { EncryptedColumn } from "../../../src"
import { mayMention } from "../../../src/binding/queries/string-hints"
import { boundSource } from "../memory-source"

@Entity()
class Patient {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true }) ssn?: string | null
  @Column({ type: "varchar", nullable: true }) town?: string | null
}

let source: DataSource

beforeAll(async () => {
  source = await boundSource([Patient])
})

describe("an INSERT may name encrypted columns in a string of the caller's", () => {
  const asks = (builder: InsertQueryBuilder<Patient>): boolean =>
    asksOf(builder, builder.getQuery())
  const asksOf = ({ expressionMap }: InsertQueryBuilder<Patient>, sql: string): boolean =>
    mayMention(source, expressionMap, sql)
  const inserting = (values: object): InsertQueryBuilder<Patient> =>
    source.createQueryBuilder().insert().into(Patient).values(values)

  test("not by its list of columns, nor by values that are parameters", () => {
    const values = { id: 1, ssn: "ssn", town: "ssn" }

    expect(asks(inserting(values))).toBe(false)
    expect(asks(inserting([values, { ...values, id: 2 }]))).toBe(false)
  })

  test("by a value that is an expression, and by what an upsert does", () => {
    const select = (): string => "(SELECT ssn FROM patient LIMIT 1)"

    const expression = 'INSERT INTO "patient"("id", "town") VALUES (1, upper(ssn))'
    expect(asksOf(inserting({ id: 1 }), expression)).toBe(true)
    expect(asksOf(inserting({ id: 1 }), expression.replace("upper(ssn)", select()))).toBe(true)
    expect(asks(inserting({ id: 1, ssn: "x" }).orUpdate(["ssn"], ["id"]))).toBe(true)
  })

  test("by what it selects instead of values", () => {
    const builder = inserting({ id: 1 })
    // Of TypeORM from 1.1
    const map = Object.assign(builder.expressionMap, { insertFromSelect: "" })
    const sql = 'INSERT INTO "patient"("town") SELECT ssn FROM patient WHERE id IN ( VALUES (1))'

    expect(mayMention(source, map, sql)).toBe(true)
  })
})
