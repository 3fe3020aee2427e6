import { beforeEach, describe, expect, test } from "@jest/globals"
import { Column, type DataSource, Entity, PrimaryColumn, type Repository } from "typeorm"

import { EncryptedColumn, Keyring } from "../../../src"
import { keyring, keys } from "../../support/keys"
import { boundSource, rejection } from "../memory-source"

class Contact {
  @EncryptedColumn({ nullable: true, blindIndex: true }) phone?: string | null
}

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @Column({ default: 0 }) visits!: number
  @EncryptedColumn({ nullable: true, blindIndex: true }) ssn?: string | null
  @Column(() => Contact) contact!: Contact
}

const foreign = new Keyring([keys.second]).encrypt("078")

/** Of rows that are loaded beside one that opens, what cannot be read is `null`. */
describe("an entity of which something could not be read", () => {
  let source: DataSource
  let people: Repository<Person>

  beforeEach(async () => {
    source = await boundSource([Person], { keyring, onUnreadable: () => null })
    people = source.getRepository(Person)
    await people.insert([1, 2].map((id) => ({ id, ssn: `s${id}`, contact: { phone: `p${id}` } })))
  })

  async function row(): Promise<Record<string, unknown> | undefined> {
    const rows = await source.query<Record<string, unknown>[]>("SELECT * FROM person WHERE id = 2")
    return rows[0]
  }

  async function loadedWithout(column: string): Promise<Person> {
    await source.query(`UPDATE person SET ${column} = ? WHERE id = 2`, [foreign])
    const found = await people.find({ order: { id: "ASC" } })
    return found[1] ?? new Person()
  }

  test("has cell and index left by an UPDATE that is given it, which writes all else", async () => {
    const person = await loadedWithout("ssn")
    const before = await row()

    await people.update(2, Object.assign(person, { visits: 1 }))

    expect(await row()).toEqual({
      ...before,
      visits: 1,
      contactPhone: expect.anything() as unknown,
    })
    expect((await people.findBy({ contact: { phone: "p2" }, ssn: "s1" })).length).toBe(0)
  })

  test("is refused by an UPDATE where TypeORM would set an embedded one to NULL", async () => {
    const person = await loadedWithout("contactPhone")
    const before = await row()

    const error = await rejection(people.update(2, Object.assign(person, { visits: 1 })))

    expect(error).toMatchObject({
      code: "ERR_UNSUPPORTED_QUERY",
      property: "Person.contact.phone",
      message:
        "Person.contact.phone could not be read, and the write would put NULL over what is stored. Give " +
        "it a value, or use save(), which leaves it as it is.",
    })
    expect(await row()).toEqual(before)
  })

  test("is refused by an INSERT that overwrites it, and left by every other", async () => {
    const person = await loadedWithout("ssn")
    const before = await row()
    const overwriting = (...columns: string[]): Promise<unknown> =>
      people.createQueryBuilder().insert().values(person).orUpdate(columns, ["id"]).execute()

    Object.assign(person, { visits: 1 })
    const error = await rejection(overwriting("visits", "ssn"))

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Person.ssn" })
    expect(await row()).toEqual(before)
    await overwriting("visits")
    expect(await row()).toEqual({ ...before, visits: 1 })
  })

  test("is written with the value that it is given", async () => {
    const person = await loadedWithout("ssn")

    await people.update(2, Object.assign(person, { ssn: "s3" }))

    expect(await people.findBy({ ssn: "s3" })).toMatchObject([{ id: 2 }])
  })
})
