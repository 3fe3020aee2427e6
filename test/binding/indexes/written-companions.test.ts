import { beforeEach, describe, expect, test } from "@jest/globals"
import {
  Column,
  type DataSource,
  Entity,
  type ObjectLiteral,
  PrimaryColumn,
  type Repository,
} from "typeorm"

import { EncryptedColumn } from "../../../src"
import { digestOf } from "../../search/digest-of"
import { boundSource, rejection } from "../memory-source"

class Contact {
  @EncryptedColumn({ nullable: true, blindIndex: true }) phone?: string | null
  @Column({ type: "varchar", nullable: true }) fax?: string | null
}

const refusing = (text: string): string => {
  if (text === "?") throw new RangeError(`no address: ${text}`)
  return text
}

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: { normalize: refusing } }) email?: string | null
  @Column(() => Contact) contact!: Contact
}

const ada = { id: 1, email: "ada@example.com", contact: { phone: "1", fax: "2" } }
const stored = { email_bidx: digestOf("person/email/email_bidx", "ada@example.com") }

let source: DataSource
let people: Repository<Person>

beforeEach(async () => {
  source = await boundSource([Person])
  people = source.getRepository(Person)
  await people.insert(ada)
})

async function row(id = 1): Promise<Record<string, unknown> | undefined> {
  const [found] = await source.query<Record<string, unknown>[]>(
    `SELECT * FROM person WHERE id = ${id}`,
  )
  return found
}

const valuesWith = (values: ObjectLiteral) => values as Partial<Person>

/** Has a property that every class has as well. */
@Entity()
class Club {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: true }) name!: string
}

describe("an UPDATE", () => {
  test("without set() is refused by TypeORM, in its own words", async () => {
    const clubs = await boundSource([Club])

    const error = await rejection(clubs.createQueryBuilder().update(Club).where("id = 1").execute())

    expect(error.name).toBe("UpdateValuesMissingError")
  })

  test("that sets a property to null sets its index to NULL", async () => {
    await people.update(1, { email: null, contact: { phone: null } })

    expect(await row()).toMatchObject({ email_bidx: null, contactPhone_bidx: null })
  })

  test("of other properties leaves the index", async () => {
    await people.update(1, { contact: { fax: "3" }, email: undefined })

    expect(await row()).toMatchObject({ ...stored, contactFax: "3" })
    expect((await row())?.contactPhone_bidx).toBe(
      digestOf("person/contactPhone/contactPhone_bidx", "1"),
    )
  })

  test("in which TypeORM sets an embedded property that is undefined to NULL clears its index", async () => {
    await people.update(1, { contact: { phone: undefined, fax: "3" } })

    expect(await row()).toMatchObject({ contactPhone: null, contactPhone_bidx: null })
  })

  test("by a path, for which TypeORM finds no value, clears the index along with the cell", async () => {
    await people.update(1, valuesWith({ "contact.phone": "4" }))

    expect(await row()).toMatchObject({ contactPhone: null, contactPhone_bidx: null })
  })

  test.each(["x", null, () => "NULL"])("cannot set an index to %p", async (value) => {
    const error = await rejection(people.update(1, valuesWith({ email_bidx: value })))

    expect(error).toMatchObject({ code: "ERR_INVALID_VALUE" })
    expect(error.message).toContain("email_bidx follows Person.email by itself and cannot be set")
    expect(await row()).toMatchObject(stored)
  })

  test("to a SQL expression is refused as that", async () => {
    const error = await rejection(people.update(1, { email: () => "'x'" }))

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Person.email" })
    expect(await row()).toMatchObject(stored)
  })

  test("with the index set along with the property follows the property", async () => {
    await people.update(1, valuesWith({ email: "eve@example.com", email_bidx: null }))

    expect((await row())?.email_bidx).toBe(digestOf("person/email/email_bidx", "eve@example.com"))
  })
})

describe("save", () => {
  test("refuses an entity that has a value for an index", async () => {
    const error = await rejection(people.save(valuesWith({ id: 1, email_bidx: "x" })))

    expect(error.message).toContain("Set the property instead")
  })

  test("leaves cell and index of an embedded entity that is null", async () => {
    const before = await row()
    await people.save(Object.assign(await people.findOneByOrFail({ id: 1 }), { contact: null }))

    expect(await row()).toEqual(before)
  })

  test("says why a value cannot be indexed, and not the value", async () => {
    const error = await rejection(people.save({ id: 1, email: "?" }))

    expect(error).toMatchObject({ code: "ERR_INVALID_VALUE" })
    expect(error.message).toBe("Person.email: normalizer 1 of 1 threw an error.")
    expect(await row()).toMatchObject(stored)
  })
})

describe("an INSERT", () => {
  test("that names an index and not its property writes neither", async () => {
    const builder = people.createQueryBuilder().insert().into(Person, ["id", "email_bidx"])
    await builder.values({ id: 2, email: "eve@example.com" }).execute()

    expect(await row(2)).toMatchObject({ email: null, email_bidx: null })
  })

  test("that overwrites an index and not its property is refused", async () => {
    const builder = people.createQueryBuilder().insert().values({ id: 1, email: "x" })
    const error = await rejection(builder.orUpdate(["email_bidx"], ["id"]).execute())

    expect(error.message).toContain("email_bidx follows Person.email by itself and cannot be set")
    expect(await row()).toMatchObject(stored)
  })

  test("whose values are expressions is refused", async () => {
    const error = await rejection(people.insert({ id: 2, email: () => "'x'" }))

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY" })
  })

  test("cannot overwrite with parameters of the caller's", async () => {
    const onUpdate = { columns: ["email"], overwrite: ["email"] }
    const builder = people.createQueryBuilder().insert().values({ id: 1, email: "x" })
    builder.expressionMap.onUpdate = { ...onUpdate, conflict: ["id"] }

    const error = await rejection(builder.execute())

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Person.email" })
  })
})

describe("the caller's objects", () => {
  test("get no keys that they did not have", async () => {
    const values = { id: 2, email: "eve@example.com" }
    const set = { email: "eva@example.com" }
    const entity = people.create({ id: 3, email: "uma@example.com", contact: { phone: "5" } })

    const inserted = await people.insert(values)
    const updated = await people.update(2, set)
    const upserted = await people.upsert({ ...values }, ["id"])
    await people.save(entity)

    const shown = JSON.stringify([values, set, entity, inserted, updated, upserted])
    expect(shown).not.toContain("bidx")
    expect(Object.keys(entity)).toEqual(["id", "email", "contact"])
    expect(Object.keys(set)).toEqual(["email"])
  })

  test("of subscribers have none either", async () => {
    const seen: unknown[] = []
    const note = ({ entity, databaseEntity }: ObjectLiteral): void => {
      seen.push(entity, databaseEntity)
    }
    source.subscribers.push({
      beforeInsert: note,
      afterInsert: note,
      beforeUpdate: note,
      afterUpdate: note,
      afterLoad: (entity: unknown) => void seen.push(entity),
    })

    await people.save({ id: 2, email: "eve@example.com" })
    await people.save({ id: 2, email: "eva@example.com" })
    await people.update(2, { email: "eve@example.com" })
    await people.find()

    expect(seen.length).toBeGreaterThan(8)
    expect(JSON.stringify(seen)).not.toContain("bidx")
  })
})
