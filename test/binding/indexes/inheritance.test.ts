import { beforeEach, describe, expect, test } from "@jest/globals"
import { ChildEntity, type DataSource, Entity, PrimaryColumn, TableInheritance } from "typeorm"

import { EncryptedColumn } from "../../../src"
import { companionsOf } from "../../../src/binding/indexes/companion"
import { digestOf } from "../../search/digest-of"
import { boundSource } from "../memory-source"

@Entity()
@TableInheritance({ column: { type: "varchar", name: "kind" } })
class Staff {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: true }) email?: string | null
}

@ChildEntity()
class Doctor extends Staff {
  @EncryptedColumn({ nullable: true, blindIndex: true }) licence?: string | null
}

@ChildEntity()
class Surgeon extends Doctor {
  @EncryptedColumn({ nullable: true, blindIndex: { with: ["licence"] } }) field?: string | null
}

@ChildEntity()
class Nurse extends Staff {
  @EncryptedColumn({ nullable: true, blindIndex: true }) licence?: string | null
}

describe("blind indexes of single-table inheritance", () => {
  let source: DataSource

  beforeEach(async () => {
    source = await boundSource([Staff, Doctor, Surgeon, Nurse])
    await source.manager.save(Surgeon, { id: 1, email: "a@x", licence: "L", field: "heart" })
    await source.manager.save(Nurse, { id: 2, email: "b@x", licence: "L" })
  })

  const namesOf = (entity: typeof Staff) =>
    companionsOf(source.getMetadata(entity)).map(({ index }) => index.name)

  test("belong, once each, to those who have the properties", () => {
    const all = ["email_bidx", "licence_bidx", "field_licence_bidx"]

    expect(new Set(namesOf(Surgeon))).toEqual(new Set(all))
    expect(namesOf(Surgeon)).toHaveLength(3)
    expect(namesOf(Nurse)).toEqual(["email_bidx", "licence_bidx"])
  })

  test("are kept in step in grandchildren, and with siblings that have a property of one name", async () => {
    const { manager } = source
    await manager.update(Surgeon, { licence: "L" }, { licence: "M", field: "brain" })
    await manager.save(Nurse, { id: 2, licence: "N" })

    expect(await manager.findBy(Surgeon, { field: "brain", licence: "M" })).toHaveLength(1)
    expect(await manager.findBy(Doctor, { licence: "M" })).toMatchObject([{ id: 1 }])
    expect(await manager.findBy(Nurse, { licence: "N" })).toMatchObject([{ id: 2 }])
    expect(await manager.countBy(Nurse, { licence: "L" })).toBe(0)
    expect(await manager.countBy(Staff, { email: "a@x" })).toBe(1)
  })
})

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: true }) email!: string
}

@Entity()
class Employee extends Person {
  @EncryptedColumn({ blindIndex: true }) badge!: string
}

describe("blind indexes of an entity that extends an entity", () => {
  test("are its own, in its own table", async () => {
    const source = await boundSource([Person, Employee])
    const employees = source.getRepository(Employee)

    await employees.save({ id: 1, email: "a@x", badge: "B1" })
    await source.manager.save(Person, { id: 1, email: "p@x" })
    await employees.save({ id: 1, email: "b@x" })

    const columns = employees.metadata.columns.map(({ databaseName }) => databaseName)
    expect([...columns].sort()).toEqual(["badge", "badge_bidx", "email", "email_bidx", "id"])
    expect(await employees.findBy({ email: "b@x" })).toMatchObject([{ id: 1, badge: "B1" }])
    expect(await employees.countBy({ email: "p@x" })).toBe(0)
    const [row] = await source.query<object[]>("SELECT email_bidx FROM employee")
    const context = "employee/email/email_bidx"
    expect(row).toEqual({ email_bidx: digestOf(context, "b@x") })
  })
})
