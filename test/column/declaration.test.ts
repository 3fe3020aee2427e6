import { inspect } from "node:util"

import { describe, expect, test } from "@jest/globals"
import { DataSource, Entity, getMetadataArgsStorage, PrimaryColumn } from "typeorm"

import { EncryptedColumn, encryptedColumn } from "../../src"
import { declarationOf, UnboundTransformer } from "../../src/column/declaration"
import { schema } from "../binding/schema"
import { refusal } from "./plaintext-of"

@Entity()
class Patient {
  @PrimaryColumn()
  id!: number

  @EncryptedColumn({ codec: "number", ttl: 60, plaintext: "allow", nullable: true, name: "kg" })
  weight?: number | null

  @EncryptedColumn()
  ssn!: string
}

const optionsOf = (property: string) =>
  getMetadataArgsStorage().columns.find(
    ({ target, propertyName }) => target === Patient && propertyName === property,
  )?.options

describe("@EncryptedColumn", () => {
  test("registers a text column with a transformer", () => {
    expect(optionsOf("ssn")).toEqual({ type: "text", transformer: expect.any(UnboundTransformer) })
  })

  test("passes on column options and keeps its own to itself", () => {
    const { transformer, ...options } = optionsOf("weight") ?? {}

    expect(options).toEqual({ type: "text", nullable: true, name: "kg" })
    expect(declarationOf(transformer)).toEqual({ codec: "number", ttl: 60, plaintext: "allow" })
  })

  test("does not change the options it is given", () => {
    const options = Object.freeze({ codec: "json", type: "varchar", length: 200 } as const)

    expect(encryptedColumn(options)).toMatchObject({ type: "varchar", length: 200 })
  })
})

const unboundMessage = (column: string) =>
  `${column} is an encrypted column, but its DataSource has no keys. ` +
  "Call `withEncryption(dataSource)` before `dataSource.initialize()`."

describe("an unbound column", () => {
  const transformer = optionsOf("ssn")?.transformer as UnboundTransformer

  test("refuses to write, and names class, property and the line to add", () => {
    expect(refusal(() => transformer.to())).toBe(unboundMessage("Patient.ssn"))
  })

  test("refuses to read", () => {
    expect(refusal(() => transformer.from())).toBe(unboundMessage("Patient.ssn"))
  })

  test("of an EntitySchema refuses as well", () => {
    const { transformer } = encryptedColumn()

    expect(refusal(() => transformer.to())).toBe(unboundMessage("A column of an EntitySchema"))
  })

  const Doctor = schema<{ phone: string }>("doctor", { phone: encryptedColumn() })

  test.each([
    ["a class", Patient, { id: 1, ssn: "078-05-1120" }],
    ["an EntitySchema", Doctor, { id: 1, phone: "078-05-1120" }],
  ])("of %s writes nothing through TypeORM", async (_kind, entity, row) => {
    const dataSource = new DataSource({
      type: "better-sqlite3",
      database: ":memory:",
      synchronize: true,
      entities: [entity],
    })
    const repository = (await dataSource.initialize()).getRepository<{ id: number }>(entity)

    await expect(repository.save(row)).rejects.toMatchObject({ code: "ERR_COLUMN_UNBOUND" })
    await expect(repository.insert(row)).rejects.toMatchObject({ code: "ERR_COLUMN_UNBOUND" })

    expect(await repository.count()).toBe(0)
  })

  test("refuses rows that are there", async () => {
    const dataSource = new DataSource({
      type: "better-sqlite3",
      database: ":memory:",
      synchronize: true,
      entities: [Patient],
    })
    await dataSource.initialize()
    await dataSource.query("INSERT INTO patient (id, ssn) VALUES (1, 'gAAAAA')")

    await expect(dataSource.getRepository(Patient).find()).rejects.toMatchObject({
      code: "ERR_COLUMN_UNBOUND",
    })
  })
})

describe("declarationOf", () => {
  test("finds nothing on a column without or with another transformer", () => {
    expect(declarationOf(undefined)).toBeUndefined()
    expect(declarationOf({ to: String, from: String })).toBeUndefined()
  })

  test("leaves combined transformers to validation", () => {
    expect(declarationOf([encryptedColumn().transformer])).toBeUndefined()
  })

  test("is what an inspection of the transformer shows, and all of it", () => {
    const { transformer } = encryptedColumn({ codec: "date" })

    expect(inspect(transformer, { showHidden: true })).toBe(
      "UnboundTransformer { '@typeorm-fernet/declaration': { codec: 'date' } }",
    )
  })

  test("asks for legacy decorators when it is called as a standard one", () => {
    const decorate = EncryptedColumn() as unknown as (value: undefined, context: object) => void

    expect(() => {
      decorate(undefined, { kind: "field", name: "ssn" })
    }).toThrow("experimentalDecorators")
  })
})
