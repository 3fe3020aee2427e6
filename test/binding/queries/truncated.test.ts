import { beforeEach, describe, expect, test } from "@jest/globals"
import {
  Brackets,
  Column,
  Entity,
  Equal,
  In,
  IsNull,
  ManyToOne,
  Not,
  NotBrackets,
  OneToMany,
  Or,
  PrimaryColumn,
  type FindOptionsWhere,
  type Repository,
  type SelectQueryBuilder,
} from "typeorm"

import { EncryptedColumn, UnsupportedQueryError } from "../../../src"
import { digestOf } from "../../search/digest-of"
import { boundSource, rejection } from "../memory-source"

@Entity()
class Ward {
  @PrimaryColumn() id!: number
  @OneToMany(() => Person, (person) => person.ward) people?: Person[]
}

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: { bits: 1 } }) name!: string | null
  @Column({ default: 0 }) visits!: number
  @ManyToOne(() => Ward, (ward) => ward.people) ward?: Ward
}

/** Twelve names share two index values; `Ada` occurs three times. */
const names = ["Ada", "Bob", "Cleo", "Dan", "Ada", "Eve", "Fay", "Guy", "Hal", "Ida", "Ada", "Jim"]

let people: Repository<Person>

beforeEach(async () => {
  const source = await boundSource([Person, Ward])
  people = source.getRepository(Person)
  await source.getRepository(Ward).insert({ id: 1 })
  await people.insert(names.map((name, id) => ({ id, name, ward: { id: 1 } })))
  await people.insert({ id: 99, name: null })
})

const ids = (found: readonly Person[]): number[] => found.map(({ id }) => id)

const Ada = (): FindOptionsWhere<Person> => ({ name: "Ada" })

const byId = { order: { id: "ASC" } } as const

describe("a search by an index of few bits", () => {
  test("finds more in the database than it returns", async () => {
    const rows = await people.query<{ name_bidx: string }[]>("SELECT name_bidx FROM person")
    const index = digestOf("person/name/name_bidx", "Ada", { bits: 1 })

    expect(rows.filter(({ name_bidx }) => name_bidx === index).length).toBeGreaterThan(3)
    expect(ids(await people.find({ where: Ada(), ...byId }))).toEqual([0, 4, 10])
  })

  test("finds one", async () => {
    expect((await people.findOneBy({ name: "Jim" }))?.id).toBe(11)
    expect((await people.findOneByOrFail({ name: Equal("Jim") })).id).toBe(11)
    expect(await people.findOneBy({ name: "Nobody" })).toBeNull()
    expect((await people.createQueryBuilder("p").where({ name: "Jim" }).getOne())?.id).toBe(11)
  })

  test("finds what one alternative asks for, which is no choice", async () => {
    expect(ids(await people.find({ where: [Ada()], ...byId }))).toEqual([0, 4, 10])
  })

  test("is no part of a SELECT that is made within the query", async () => {
    const builder = people.createQueryBuilder("p").where(Ada()).orderBy("p.id")
    const inner = builder.subQuery().select("w.id").from(Ward, "w").where("w.id = 1")

    builder.andWhere(`p.ward IN ${inner.getQuery()}`)

    expect(ids(await builder.getMany())).toEqual([0, 4, 10])
  })

  test("finds several values, along with other conditions", async () => {
    const where = { name: In(["Ada", "Jim"]), id: Not(4) }

    expect(ids(await people.find({ where, ...byId }))).toEqual([0, 10, 11])
  })

  test("counts and cuts pages after the check", async () => {
    const page = await people.findAndCount({ where: Ada(), ...byId, skip: 1, take: 1 })
    const built = people.createQueryBuilder("p").where(Ada()).orderBy("p.id").take(2)

    expect([ids(page[0]), page[1]]).toEqual([[4], 3])
    expect(await built.getManyAndCount()).toMatchObject([[{ id: 0 }, { id: 4 }], 3])
    expect(await built.skip(2).getMany()).toMatchObject([{ id: 10 }])
  })

  // As TypeORM has it, for which a page of none is no page beside a join, and none elsewhere
  test.each<[where: string, options: object, found: number]>([
    ["alone", { take: 0 }, 0],
    ["behind others", { take: 0, skip: 1 }, 0],
    ["beside a join", { take: 0, relations: { ward: true } }, 3],
    ["beside a join and behind others", { take: 0, skip: 1, relations: { ward: true } }, 0],
  ])("cuts a page of none: %s", async (_where, options, found) => {
    const plain = await people.find({ where: { visits: 0 }, ...byId, ...options })

    expect(await people.find({ where: Ada(), ...byId, ...options })).toHaveLength(found)
    expect(plain.length > 0).toBe(found > 0)
  })

  test("cuts pages of entities that are joined", async () => {
    const options = { where: Ada(), relations: { ward: true }, ...byId, take: 2 }

    expect(await people.find(options)).toMatchObject([{ id: 0, ward: { id: 1 } }, { id: 4 }])
  })

  test.each(["Ada", "Nobody"])("needs the property among the selected to find %s", async (name) => {
    const error = await rejection(people.find({ where: { name }, select: { id: true } }))

    expect(error).toBeInstanceOf(UnsupportedQueryError)
    expect(error.message).toContain("Select it as well")
    expect(ids(await people.find({ where: Ada(), select: { id: true, name: true } }))).toHaveLength(
      3,
    )
  })

  test("starts anew with where()", async () => {
    const builder = people.createQueryBuilder("p").where(Ada())

    expect(await builder.where({ name: "Jim" }).getMany()).toMatchObject([{ id: 11 }])
    expect(await builder.where("p.id < 3").getMany()).toHaveLength(3)
  })

  test("adds to the conditions of find options", async () => {
    const builder = people.createQueryBuilder("p").setFindOptions({ where: { name: "Jim" } })

    expect(await builder.andWhere({ name: "Ada" }).getMany()).toEqual([])
    expect(
      await builder
        .setFindOptions({ where: { id: 11 } })
        .clone()
        .getMany(),
    ).toEqual([])
  })

  test("pairs raw rows and entities", async () => {
    const builder = people.createQueryBuilder("p").addSelect("p.id * 10", "tens").where(Ada())

    const { raw, entities } = await builder.orderBy("p.id").take(2).getRawAndEntities()

    expect(entities.map(({ id }) => id)).toEqual([0, 4])
    expect(raw.map((row: { tens: number }) => row.tens)).toEqual([0, 40])
  })

  test("keeps all raw rows of an entity that is joined", async () => {
    const ward = { id: 7, ward: { id: 1 } }
    await people.insert({ ...ward, id: 70, name: "Ada" })
    const builder = people
      .createQueryBuilder("p")
      .leftJoinAndSelect("p.ward", "w")
      .leftJoinAndSelect("w.people", "q")
      .where(Ada())
      .orderBy("p.id")
      .skip(1)
      .take(1)

    const { raw, entities } = await builder.getRawAndEntities()

    expect(entities.map(({ id }) => id)).toEqual([4])
    expect(raw).toHaveLength(names.length + 1)
  })

  test("is the same page however often its builder is executed at once", async () => {
    const builder = people.createQueryBuilder("p").where(Ada()).orderBy("p.id").take(2)

    const pages = await Promise.all([
      builder.getMany(),
      builder.getManyAndCount(),
      builder.getMany(),
      builder.getCount(),
    ])

    expect(ids(pages[0])).toEqual([0, 4])
    expect([ids(pages[1][0]), pages[1][1]]).toEqual([[0, 4], 3])
    expect(ids(pages[2])).toEqual([0, 4])
    expect(pages[3]).toBe(3)
    expect(ids(await builder.getMany())).toEqual([0, 4])
  })

  test("counts what matches, and tells whether anything does", async () => {
    expect(await people.countBy(Ada())).toBe(3)
    expect(await people.count({ where: { name: "Nobody" } })).toBe(0)
    expect(await people.count({ where: Ada(), relations: { ward: true }, skip: 1, take: 1 })).toBe(
      3,
    )
    expect(await people.existsBy(Ada())).toBe(true)
    expect(await people.exists({ where: { name: "Nobody" } })).toBe(false)
    expect(await people.createQueryBuilder("p").where(Ada()).getExists()).toBe(true)
  })

  test("stands beside alternatives that brackets hold together", async () => {
    const builder = () => people.createQueryBuilder("p").orderBy("p.id")

    expect(ids(await builder().where(Ada()).andWhere("(p.id = 4 OR p.id = 5)").getMany())).toEqual([
      4,
    ])
    expect(
      ids(
        await builder()
          .where(Ada())
          .andWhere(new Brackets((or) => or.where("p.id = 4").orWhere("p.id = 'OR'")))
          .getMany(),
      ),
    ).toEqual([4])
    expect(
      ids(
        await builder()
          .where(Ada())
          .andWhere([{ id: 0 }, { id: 4 }])
          .getMany(),
      ),
    ).toEqual([0, 4])
  })

  test("check what they find by Brackets, one in another, beside others with alternatives", async () => {
    const query = people
      .createQueryBuilder("p")
      .orderBy("p.id")
      .where(new Brackets((nested) => nested.where(bracketed()).andWhere({ id: Not(4) })))
      .andWhere(new Brackets((or) => or.where("p.id = 0").orWhere("p.id > 0")))

    expect(ids(await query.getMany())).toEqual([0, 10])
    expect(await query.getCount()).toBe(2)
    expect(ids(await query.where("p.id < 3").getMany())).toEqual([0, 1, 2])
  })

  test("answers IsNull without a check", async () => {
    expect(ids(await people.findBy([{ name: IsNull() }, { id: 1 }]))).toEqual([1, 99])
  })
})

type Builder = SelectQueryBuilder<Person>

const bracketed = (): Brackets => new Brackets((nested) => nested.where(Ada()))

/** A builder of its own, to be compiled into another. */
const named = (): Builder =>
  people.manager.createQueryBuilder(Person, "q").select("q.id").where(Ada())

describe("an index of few bits is refused", () => {
  test.each<readonly [string, (people: Repository<Person>) => unknown]>([
    ["in an update", (p) => p.update(Ada(), { visits: 1 })],
    ["in a delete", (p) => p.delete(Ada())],
    ["in a softDelete", (p) => p.createQueryBuilder().softDelete().where(Ada()).execute()],
    ["in an increment", (p) => p.increment(Ada(), "visits", 1)],
    ["in a delete of alternatives", (p) => p.delete([Ada()] as never)],
    ["in a negation", (p) => p.findBy({ name: Not("Ada") })],
    ["in Or", (p) => p.findBy({ name: Or(Equal("Ada"), IsNull()) })],
    ["among alternatives", (p) => p.findBy([Ada(), { id: 1 }])],
    ["in a relation", (p) => p.manager.findBy(Ward, { people: Ada() })],
    ["in a sum", (p) => p.sum("visits", Ada())],
    [
      "in a count of a selection with the key",
      (p) => p.count({ where: Ada(), select: { id: true, name: true } }),
    ],
    ["in a count of a selection", (p) => p.findAndCount({ where: Ada(), select: { name: true } })],
  ])("%s", async (_where, run) => {
    await expectRefused(() => run(people))
  })

  test.each<readonly [string, (builder: Builder) => unknown]>([
    ["after orWhere", (b) => b.where("p.id = 1").orWhere("p.id = 2").andWhere(Ada()).getMany()],
    ["beside OR", (b) => b.where(Ada()).andWhere("p.id = 1 OR p.id = 2").getMany()],
    [
      "beside OR that is counted",
      (b) => b.where("p.id = 1 OR p.id = 2").andWhere(Ada()).getCount(),
    ],
    ["as raw results", (b) => b.where(Ada()).getRawMany()],
    ["as one raw result", (b) => b.where(Ada()).getRawOne()],
    ["as a stream", (b) => b.where(Ada()).stream()],
    ["as a statement", (b) => b.where(Ada()).getQuery()],
    ["in an existence", (b) => b.whereExists(named()).getMany()],
    ["in a common table", (b) => b.addCommonTableExpression(named(), "c").getMany()],
    ["in a query that is a part", (b) => b.where(`p.id IN (${named().getQuery()})`).getMany()],
    ["beside orWhere", (b) => b.where(Ada()).orWhere("p.id = 1").getMany()],
    ["inside orWhere", (b) => b.where("p.id = 1").orWhere(Ada()).getMany()],
    [
      "beside orWhere in Brackets",
      (b) => b.where(new Brackets((or) => or.where(Ada()).orWhere("p.id = 1"))).getMany(),
    ],
    [
      "beside OR in a string in Brackets",
      (b) => b.where(new Brackets((or) => or.where(Ada()).andWhere("p.id = 1 OR 1 = 1"))).getMany(),
    ],
    ["in Brackets after OR", (b) => b.where("p.id = 1").orWhere(bracketed()).getMany()],
    ["in Brackets of an update", (b) => b.update().set({ visits: 1 }).where(bracketed()).execute()],
    ["in NotBrackets", (b) => b.where(new NotBrackets((nested) => nested.where(Ada()))).getMany()],
    [
      "in Brackets in NotBrackets",
      (b) => b.where(new NotBrackets((nested) => nested.where(bracketed()))).getMany(),
    ],
    [
      "in a sub-query in Brackets",
      (b) =>
        b
          .where(
            new Brackets((nested) =>
              nested.where(
                `p.id IN ${b.subQuery().select("q.id").from(Person, "q").where(Ada()).getQuery()}`,
              ),
            ),
          )
          .getMany(),
    ],
    ["with limit", (b) => b.where(Ada()).limit(1).getMany()],
    ["with offset", (b) => b.where(Ada()).limit(9).offset(1).getOne()],
    ["before delete()", (b) => b.where(Ada()).delete().execute()],
    ["before update()", (b) => b.where(Ada()).update().set({ visits: 1 }).execute()],
    ["before softDelete()", (b) => b.where(Ada()).softDelete().execute()],
    [
      "in a sub-query",
      (b) =>
        b
          .where(
            (outer) =>
              `p.id IN ${outer.subQuery().select("q.id").from(Person, "q").where(Ada()).getQuery()}`,
          )
          .getMany(),
    ],
  ])("%s", async (_where, run) => {
    await expectRefused(() => run(people.createQueryBuilder("p")))
  })

  async function expectRefused(run: () => unknown): Promise<void> {
    const error = await rejection(Promise.resolve().then(run))

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Person.name" })
    expect(error.message).toContain("few bits")
    expect(await people.countBy({ visits: 0 })).toBe(names.length + 1)
  }
})
