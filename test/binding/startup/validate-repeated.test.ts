import { describe, expect, test } from "@jest/globals"
import {
  ChildEntity,
  Column,
  Entity,
  EntitySchema,
  type EntitySchemaOptions,
  PrimaryColumn,
  TableInheritance,
  VersionColumn,
} from "typeorm"

import { EncryptedColumn } from "../../../src"
import { boundSource, problemsOf } from "../memory-source"

const problem =
  "has more than one column decorator, of which TypeORM takes one; keep @EncryptedColumn only."

describe("a property with a second column decorator", () => {
  test("is refused in either order, since TypeORM might store it in plaintext", async () => {
    @Entity()
    class Patient {
      @PrimaryColumn() id!: number
      @EncryptedColumn() @Column() ssn!: string
      @Column() @EncryptedColumn() phone!: string
      @EncryptedColumn() @VersionColumn() visits!: number
    }

    expect(await problemsOf(Patient)).toEqual([
      `Patient.ssn ${problem}`,
      `Patient.phone ${problem}`,
      `Patient.visits ${problem}`,
    ])
  })

  test("is refused in a subclass", async () => {
    abstract class Person {
      @PrimaryColumn() id!: number
      @Column() ssn!: string
    }
    @Entity()
    class Patient extends Person {
      @EncryptedColumn() override ssn!: string
    }

    expect(await problemsOf(Patient)).toEqual([`Patient.ssn ${problem}`])
  })

  test("is refused in an embedded class and its subclass", async () => {
    class Contact {
      @EncryptedColumn() @Column() phone!: string
      @Column() email!: string
    }
    class WorkContact extends Contact {
      @EncryptedColumn() override email!: string
    }
    @Entity()
    class Patient {
      @PrimaryColumn() id!: number
      @Column(() => WorkContact) work!: WorkContact
    }

    expect(await problemsOf(Patient)).toEqual([
      `Patient.work.phone ${problem}`,
      `Patient.work.email ${problem}`,
    ])
  })

  test("is not confused with one of the same name in another class", async () => {
    class Contact {
      @EncryptedColumn() phone!: string
    }
    @Entity()
    @TableInheritance({ column: { name: "kind", type: "varchar" } })
    class Person {
      @PrimaryColumn() id!: number
      @Column() phone!: string
      @Column(() => Contact) contact!: Contact
    }
    @ChildEntity()
    class Doctor extends Person {
      @EncryptedColumn() code!: string
    }
    @ChildEntity()
    class Nurse extends Person {
      @EncryptedColumn() ward!: string
    }

    expect((await boundSource([Person, Doctor, Nurse])).isInitialized).toBe(true)
  })

  test("is accepted in siblings that share a table", async () => {
    @Entity()
    @TableInheritance({ column: { type: "varchar", name: "kind" } })
    class Person {
      @PrimaryColumn() id!: number
    }
    @ChildEntity()
    class Nurse extends Person {
      @EncryptedColumn({ nullable: true }) phone?: string
    }
    @ChildEntity()
    class Doctor extends Person {
      @EncryptedColumn({ nullable: true }) phone?: string
    }

    await expect(boundSource([Person, Nurse, Doctor])).resolves.toBeDefined()
  })

  test("is refused beside an EntitySchema, for which TypeORM ignores decorators", async () => {
    class Patient {
      id!: number
      @EncryptedColumn() ssn!: string
    }
    const columns = { id: { type: "int", primary: true }, ssn: { type: "text" } } as const

    expect(await problemsOf(schemaFor(Patient, columns))).toEqual([
      "Patient.ssn is declared with @EncryptedColumn, and otherwise by its EntitySchema; use " +
        "encryptedColumn() there.",
    ])
  })
})

function schemaFor(
  target: new () => object,
  columns: EntitySchemaOptions<object>["columns"],
): EntitySchema {
  const options: EntitySchemaOptions<object> = { name: target.name, target, columns }
  return new EntitySchema(options)
}
