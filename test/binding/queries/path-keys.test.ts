import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals"
import { Column, type DataSource, Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn } from "../../../src"
import { boundSource, rejection } from "../memory-source"

class Contact {
  @EncryptedColumn({ nullable: true, blindIndex: true }) phone?: string | null
  @EncryptedColumn({ nullable: true }) note?: string | null
}

class Address {
  @Column({ type: "varchar", nullable: true }) phone?: string | null
  @Column({ type: "varchar", nullable: true }) note?: string | null
}

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @Column() phone!: string
  @Column({ default: "" }) note!: string
  @Column(() => Contact) contact!: Contact
}

/** The same in plaintext, to compare with what TypeORM makes of it. */
@Entity()
class Twin {
  @PrimaryColumn() id!: number
  @Column() phone!: string
  @Column({ default: "" }) note!: string
  @Column(() => Address) contact!: Address
}

type Where = Record<string, unknown>

const conditions: Where[] = [
  { "contact.phone": "x" },
  { phone: "a", "contact.phone": "x" },
  { "contact.phone": "x", phone: "a" },
  { "contact.phone": "x", contact: { phone: "y" } },
]

let source: DataSource

beforeAll(async () => {
  source = await boundSource([Person, Twin])
})

beforeEach(async () => {
  for (const entity of [Person, Twin]) {
    await source.manager.clear(entity)
    await source.manager.insert(entity, [
      { id: 1, phone: "a", contact: { phone: "x", note: "n" } },
      { id: 2, phone: "b", contact: { phone: "x" } },
      { id: 3, phone: "a", contact: { phone: "y" } },
    ])
  }
})

const idsOf = async (entity: typeof Person | typeof Twin, where: Where = {}): Promise<number[]> => {
  const found = await source.getRepository(entity).find({ where, order: { id: "ASC" } })
  return found.map(({ id }) => id)
}

describe("a path as the key of a condition, beside a property of the last name in it", () => {
  test.each(conditions)("finds what it finds in plaintext: %j", async (where) => {
    expect(await idsOf(Person, where)).toEqual(await idsOf(Twin, where))
  })

  test.each(conditions)("changes what it changes in plaintext: %j", async (where) => {
    for (const entity of [Person, Twin]) {
      await source.manager.update(entity, where, { note: "changed" })
      await source.manager.delete(entity, where)
    }

    expect(await idsOf(Person)).toEqual(await idsOf(Twin))
    expect(await idsOf(Person, { note: "changed" })).toEqual(await idsOf(Twin, { note: "changed" }))
  })

  test("is refused where no index answers it", async () => {
    const error = await rejection(idsOf(Person, { "contact.note": "n", note: "" }))

    expect(error).toMatchObject({
      code: "ERR_UNSUPPORTED_QUERY",
      property: "Person.contact.note",
    })
  })
})
