import { beforeAll, describe, expect, test } from "@jest/globals"
import {
  And,
  Brackets,
  Column,
  type DataSource,
  Entity,
  Equal,
  type FindOptionsWhere,
  In,
  IsNull,
  Not,
  NotBrackets,
  Or,
  PrimaryColumn,
  type SelectQueryBuilder,
  type WhereExpressionBuilder,
} from "typeorm"

import { BlindEqual, EncryptedColumn, withEncryption } from "../../../src"
import { keyring } from "../../support/keys"
import { memorySource, rejection } from "../memory-source"
import { RecordingLogger } from "../recording-logger"

/** Indexed by both names together, and by each alone. */
@Entity()
class Person {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: [{ with: ["last"], name: "names" }, true] })
  first?: string | null
  @EncryptedColumn({ nullable: true, blindIndex: true }) last?: string | null
  @Column({ type: "varchar", nullable: true }) town?: string | null
}

/** The same in plaintext, to compare with what the database itself answers. */
@Entity()
class Twin {
  @PrimaryColumn() id!: number
  @Column({ type: "varchar", nullable: true }) first?: string | null
  @Column({ type: "varchar", nullable: true }) last?: string | null
  @Column({ type: "varchar", nullable: true }) town?: string | null
}

/** Indexed together only, by two names and by three. */
@Entity()
class Pair {
  @PrimaryColumn() id!: number
  @EncryptedColumn({
    nullable: true,
    blindIndex: [
      { with: ["b"], name: "ab" },
      { with: ["b", "c"], name: "abc" },
    ],
  })
  a?: string | null
  @EncryptedColumn({ nullable: true }) b?: string | null
  @EncryptedColumn({ nullable: true }) c?: string | null
}

/** Of which one name alone is told by few bits only. */
@Entity()
class Short {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: [{ with: ["b"], name: "short" }, { bits: 8 }] })
  a?: string | null
  @EncryptedColumn({ nullable: true, blindIndex: true }) b?: string | null
}

/** Of which one name alone is told without its case. */
@Entity()
class Folded {
  @PrimaryColumn() id!: number
  @EncryptedColumn({
    nullable: true,
    blindIndex: [{ with: ["b"], name: "folded" }, { normalize: "lowercase" }],
  })
  a?: string | null
  @EncryptedColumn({ nullable: true, blindIndex: true }) b?: string | null
}

/** Indexed together only, and never NULL. */
@Entity()
class Whole {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: { with: ["b"], name: "whole" } }) a!: string
  @EncryptedColumn() b!: string
}

/** Of which one name alone may be NULL, and has no index of its own. */
@Entity()
class Half {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: { with: ["b"], name: "half" } }) a?: string | null
  @EncryptedColumn({ blindIndex: true }) b!: string
}

class Name {
  @EncryptedColumn({ blindIndex: { with: ["family"], name: "full" } }) given!: string
  @EncryptedColumn() family!: string
}

/** Indexed together in a class that is embedded. */
@Entity()
class Guest {
  @PrimaryColumn() id!: number
  @Column(() => Name) name!: Name
}

const values = ["a", "b", null]
const rows = values
  .flatMap((first) => values.map((last) => ({ first, last })))
  .map((names, i) => ({ id: i + 1, ...names, town: i % 2 === 0 ? "x" : null }))

const logger = new RecordingLogger()
let source: DataSource

beforeAll(async () => {
  const entities = [Person, Twin, Pair, Short, Folded, Whole, Half, Guest]
  source = withEncryption(memorySource(entities, { logger }), { keyring })
  await source.initialize()
  for (const entity of [Person, Twin]) await source.getRepository(entity).insert(rows)
  const pairs = rows.map(({ id, first: a, last: b }) => ({ id, a, b, c: "c" }))
  await source.getRepository(Pair).insert(pairs)
  await source.getRepository(Whole).insert([
    { id: 1, a: "a", b: "a" },
    { id: 2, a: "a", b: "b" },
  ])
})

type Where = FindOptionsWhere<Twin>

async function ids(entity: typeof Person | typeof Twin, where: Where | Where[]): Promise<number[]> {
  const found = await source.getRepository(entity).find({ where, order: { id: "ASC" } })
  return found.map(({ id }) => id)
}

/** Rows that a query builder finds by a condition on it. */
async function built(entity: new () => { id: number }, condition: Brackets): Promise<number[]> {
  const builder = source.getRepository<{ id: number }>(entity).createQueryBuilder("p")
  const found = await builder.where(condition).orderBy("p.id").getMany()
  return found.map(({ id }) => id)
}

describe("a condition on several properties", () => {
  test.each<[string, Where | Where[]]>([
    ["values", { first: "a", last: "b" }],
    ["Equal", { first: Equal("a"), last: Equal("b") }],
    ["values and others", { first: "a", last: "b", town: IsNull() }],
    ["a value and null", { first: "a", last: IsNull() }],
    ["a value and its negation", { first: "a", last: Not("b") }],
    ["lists", { first: In(["a", "b"]), last: "a" }],
    ["And and Or", { first: And(Not(IsNull()), Equal("a")), last: Or(IsNull(), Equal("b")) }],
    ["alternatives", [{ first: "a", last: "a" }, { last: "b", town: "x" }, { first: IsNull() }]],
  ])("as %s finds what it finds in plaintext", async (_what, where) => {
    const expected = await ids(Twin, where)

    expect(expected.length).toBeGreaterThan(0)
    expect(await ids(Person, where)).toEqual(expected)
  })

  test("is asked by the index over all of them, and by no other", async () => {
    logger.entries.length = 0

    await ids(Person, { first: "a", last: "b" })

    const [statement = ""] = logger.statements
    const [, where = ""] = statement.split("WHERE")
    expect(where).toContain("names")
    expect(where).not.toContain("_bidx")
  })

  test("is asked by each alone if one asks another index by name", async () => {
    const first = BlindEqual("a", { index: "first_bidx" })
    logger.entries.length = 0

    await source.getRepository(Person).find({ where: { first, last: "b" } })

    const [, sql = ""] = (logger.statements[0] ?? "").split("WHERE")
    expect(sql).not.toContain("names")
    const named = BlindEqual("a", { index: "names" })
    const where = { first: named, last: BlindEqual("b") }
    expect(await source.getRepository(Person).find({ where })).toMatchObject([{ id: 2 }])
  })

  test("is answered in a class that is embedded", async () => {
    const guests = source.getRepository(Guest)
    await guests.insert([
      { id: 1, name: { given: "Ada", family: "King" } },
      { id: 2, name: { given: "Ada", family: "Moss" } },
    ])
    const name = { given: "Ada", family: In(["Moss", "Lee"]) }

    expect(await guests.findBy({ name })).toMatchObject([{ id: 2 }])
    expect(await guests.findBy([{ id: 1 }, { name }])).toMatchObject([{ id: 1 }, { id: 2 }])
    expect(await guests.createQueryBuilder("g").where({ name }).getOne()).toMatchObject({ id: 2 })
  })

  test("is asked by the index over most of them", async () => {
    const found = async (where: FindOptionsWhere<Pair>): Promise<string> => {
      logger.entries.length = 0
      await source.getRepository(Pair).find({ where })
      return (logger.statements[0] ?? "").split("WHERE")[1] ?? ""
    }

    expect(await found({ a: "a", b: "b", c: "c" })).toContain("abc")
    expect(await found({ a: "a", b: "b" })).not.toContain("abc")
  })
})

describe("a condition on one of several properties that are indexed together", () => {
  test.each(["a", "b"])("is refused, and told what works: %s", async (property) => {
    const error = await rejection(source.getRepository(Pair).findBy({ [property]: "x" }))

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: `Pair.${property}` })
    expect(error.message).toContain(
      "its blind index covers Pair.a, Pair.b together, and answers a condition with one value for " +
        "each of them.",
    )
  })

  test.each<[string, FindOptionsWhere<Pair>]>([
    ["a negation", { a: Not("a"), b: "b" }],
    ["NULL", { a: IsNull(), b: "b" }],
  ])("is refused with %s of another", async (_what, where) => {
    await expect(source.getRepository(Pair).findBy(where)).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED_QUERY",
    })
  })

  test("is refused by a name that no index has, and told which there are", async () => {
    const search = (first: unknown): Promise<unknown> =>
      source.getRepository(Person).findBy({ first, last: Not("a") } as Where)

    const error = await rejection(search(BlindEqual("a", { index: "nickname" })))

    expect(error.message).toBe(
      "Person.first has no blind index of that name. Name the companion column of one of its " +
        "indexes: first_bidx.",
    )
    const where = { b: BlindEqual("a", { index: "x" }) }
    await expect(source.getRepository(Pair).findBy(where)).rejects.toThrow(
      "of one of its indexes: it has none.",
    )
  })

  test("is refused with a token among the values", async () => {
    const where = { a: keyring.encrypt("a"), b: "b" }

    await expect(source.getRepository(Pair).findBy(where)).rejects.toMatchObject({
      code: "ERR_ALREADY_ENCRYPTED",
    })
  })
})

describe("the negation of a condition on several properties", () => {
  const pair = (builder: WhereExpressionBuilder): unknown =>
    builder.where({ first: "a", last: "b" })

  test("finds what it finds in plaintext, where each has an index of its own", async () => {
    const expected = await built(Twin, new NotBrackets(pair))

    expect(expected.length).toBeGreaterThan(4)
    expect(await built(Person, new NotBrackets(pair))).toEqual(expected)
    expect(await built(Person, new NotBrackets((q) => q.where(new Brackets(pair))))).toEqual(
      expected,
    )
    expect(await built(Person, new NotBrackets((q) => q.where(new NotBrackets(pair))))).toEqual(
      await built(Twin, new Brackets(pair)),
    )
  })

  test.each([Pair, Short, Folded])(
    "is refused where one may be NULL and the others cannot be asked as exactly: %p",
    async (entity) => {
      const { name } = entity

      const error = await rejection(
        built(entity, new NotBrackets((q) => q.where({ a: "a", b: "b" }))),
      )

      expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: `${name}.a` })
      expect(error.message).toContain(
        `${name}.a, ${name}.b are indexed together, and where one of them is NULL`,
      )
    },
  )

  test("is answered where one may be NULL, and the other has an index of its own", async () => {
    await source.getRepository(Half).insert([
      { id: 1, a: null, b: "a" },
      { id: 2, a: null, b: "b" },
      { id: 3, a: "a", b: "b" },
      { id: 4, a: "c", b: "b" },
    ])

    expect(await built(Half, new NotBrackets((q) => q.where({ a: "a", b: "b" })))).toEqual([1, 4])
  })

  test("is nothing to the rows that a SELECT inside of it chooses by itself", async () => {
    const found = await built(
      Pair,
      new NotBrackets((q) => {
        const inner = (q as SelectQueryBuilder<Pair>).subQuery().select("i.id").from(Pair, "i")
        const sql = inner.where({ a: "a", b: "b" }).getQuery()
        return q.where(`p.id IN ${sql}`, inner.getParameters())
      }),
    )

    expect(found).toEqual([1, 3, 4, 5, 6, 7, 8, 9])
  })

  test("is answered where none may be NULL", async () => {
    expect(await built(Whole, new NotBrackets((q) => q.where({ a: "a", b: "b" })))).toEqual([1])
  })
})

describe("rows that are still in plaintext", () => {
  let mixed: DataSource

  beforeAll(async () => {
    const options = { keyring, plaintext: "allow" } as const
    mixed = await withEncryption(memorySource([Person, Twin, Whole]), options).initialize()
    const text = (cell: string | null): string => (cell === null ? "NULL" : `'${cell}'`)
    for (const { id, first, last } of rows) {
      for (const table of ["person", "twin"]) {
        await mixed.query(
          `INSERT INTO ${table} (id, first, last) VALUES (${id}, ${text(first)}, ${text(last)})`,
        )
      }
    }
    await mixed.query("INSERT INTO whole (id, a, b) VALUES (1, 'a', 'a'), (2, 'a', 'b')")
    // Half of them are encrypted
    for (const { id, first, last } of rows.filter((one) => one.id % 2 === 0)) {
      await mixed.getRepository(Person).update(id, { first, last })
    }
  })

  test.each<[string, (where: (builder: WhereExpressionBuilder) => unknown) => Brackets]>([
    ["a condition", (where) => new Brackets(where)],
    ["its negation", (where) => new NotBrackets(where)],
  ])("are found by %s like all others", async (_what, brackets) => {
    const find = async (entity: typeof Person | typeof Twin): Promise<number[]> => {
      const condition = brackets((q) => q.where({ first: "a", last: "b" }))
      const builder = mixed.getRepository<{ id: number }>(entity).createQueryBuilder("p")
      const found = await builder.where(condition).orderBy("p.id").getMany()
      return found.map(({ id }) => id)
    }

    expect(await find(Person)).toEqual(await find(Twin))
  })

  test("are found where each cell is compared for itself", async () => {
    const find = (condition: Brackets): Promise<Whole[]> =>
      mixed.getRepository(Whole).createQueryBuilder("w").where(condition).getMany()
    const both = (q: WhereExpressionBuilder): unknown => q.where({ a: "a", b: "b" })

    expect(await find(new Brackets(both))).toMatchObject([{ id: 2 }])
    expect(await find(new Brackets((q) => q.where({ a: In([]), b: "b" })))).toEqual([])
    expect(await find(new NotBrackets(both))).toMatchObject([{ id: 1 }])
  })
})
