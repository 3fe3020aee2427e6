import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals"
import {
  Column,
  type DataSource,
  Entity,
  type FindManyOptions,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
} from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"
import { keyring } from "../../support/keys"
import { memorySource, rejection } from "../memory-source"
import { RecordingLogger } from "../recording-logger"

class Contact {
  @EncryptedColumn({ nullable: true }) phone?: string | null
  @Column({ type: "varchar", nullable: true }) fax?: string | null
}

@Entity()
class Ward {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true }) code?: string | null
  @OneToMany(() => Person, (person) => person.ward) people?: Person[]
}

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: true }) email?: string | null
  @Column(() => Contact) contact!: Contact
  @ManyToOne(() => Ward, (ward) => ward.people) ward?: Ward | null
}

const logger = new RecordingLogger()
let source: DataSource

beforeAll(async () => {
  source = withEncryption(memorySource([Person, Ward], { logger }), { keyring })
  await source.initialize()
  await source.getRepository(Ward).insert({ id: 1 })
  await source.getRepository(Person).insert([
    { id: 1, contact: { fax: "2" }, ward: { id: 1 } },
    { id: 2, contact: { fax: "1" } },
  ])
})

beforeEach(() => {
  logger.entries.length = 0
})

type Order = NonNullable<FindManyOptions<Person>["order"]>

describe("an order by ciphertext", () => {
  test.each<[string, Order]>([
    ["Person.email", { email: "ASC" }],
    ["Person.email", { id: "ASC", email: { direction: "DESC" } }],
    ["Person.contact.phone", { contact: { phone: "ASC" } }],
    ["Ward.code", { ward: { code: "ASC" } }],
    ["Person.email", { ward: { people: { email: "DESC" } } }],
  ])("of %s is refused before a statement is sent", async (property, order) => {
    const relations = { ward: { people: true } }

    const error = await rejection(source.getRepository(Person).find({ order, relations }))

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property })
    expect(error.message).toBe(
      `${property} is encrypted: an order would follow the ciphertext. Load the rows and do it in ` +
        "the application.",
    )
    expect(logger.statements).toEqual([])
  })

  test("is refused where it is inherited, as TypeORM reads it", async () => {
    const order = Object.create({ email: "ASC" }) as Order

    await expect(source.getRepository(Person).find({ order })).rejects.toMatchObject({
      property: "Person.email",
    })
  })

  test("is refused where a page of a join would ask for it in its second statement", async () => {
    const builder = source.createQueryBuilder(Person, "p").leftJoinAndSelect("p.ward", "w")

    const error = await rejection(builder.orderBy("w.code").take(1).getMany())

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Ward.code" })
    expect(logger.statements).toEqual([])
  })
})

describe("an order by all else", () => {
  test.each<[Order, number[]]>([
    [{ contact: { fax: "ASC" } }, [2, 1]],
    [{ id: "DESC", email: undefined }, [2, 1]],
    [{ ward: { id: "DESC" }, id: "ASC" }, [1, 2]],
  ])("%j is TypeORM's", async (order, expected) => {
    const found = await source.getRepository(Person).find({ order, relations: { ward: true } })

    expect(found.map(({ id }) => id)).toEqual(expected)
  })
})
