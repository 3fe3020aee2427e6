import { describe, test, expect } from "@jest/globals"
import { Entity, ForeignKey, JoinColumn, ManyToOne, OneToOne, PrimaryColumn } from "typeorm"

import { EncryptedColumn } from "../../../src"
import { problemsOf } from "../memory-source"

describe("an encrypted column", () => {
  test("is refused at both ends of a relation", async () => {
    @Entity()
    class Doctor {
      @PrimaryColumn() id!: number
      @EncryptedColumn() badge!: string
    }
    @Entity()
    class Person {
      @PrimaryColumn() id!: number
      @EncryptedColumn() doctorId!: string
      @ManyToOne(() => Doctor) @JoinColumn({ name: "doctorId" }) doctor!: Doctor
      @OneToOne(() => Doctor) @JoinColumn({ referencedColumnName: "badge" }) other!: Doctor
    }

    expect(await problemsOf(Doctor, Person)).toEqual([
      "Doctor.badge cannot be referenced by a foreign key.",
      "Person.doctorId has the type Number, which does not hold a token unchanged; use text.",
      "Person.doctorId cannot be a join column.",
    ])
  })

  test("is refused with a foreign key of its own", async () => {
    @Entity()
    class Doctor {
      @PrimaryColumn() id!: number
    }
    @Entity()
    class Person {
      @PrimaryColumn() id!: number
      @ForeignKey(() => Doctor) @EncryptedColumn() doctorId!: string
    }

    expect(await problemsOf(Doctor, Person)).toEqual(["Person.doctorId cannot be a foreign key."])
  })
})
