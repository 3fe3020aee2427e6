import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals"
import {
  And,
  Any,
  Between,
  type DataSource,
  Entity,
  Equal,
  type FindOptionsWhere,
  ILike,
  In,
  IsNull,
  JsonContains,
  LessThan,
  Like,
  ManyToOne,
  MoreThan,
  Not,
  Or,
  PrimaryColumn,
  Raw,
  type Repository,
} from "typeorm"

import { BlindEqual, BlindIn, EncryptedColumn, searchFor, withEncryption } from "../../../src"
import { keyring } from "../../support/keys"
import { memorySource, rejection } from "../memory-source"
import { RecordingLogger } from "../recording-logger"

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: { normalize: "lowercase" } }) email?: string | null
  @EncryptedColumn({ nullable: true, blindIndex: true }) alias?: string | null
  @EncryptedColumn({ nullable: true, blindIndex: true, codec: "number" }) height?: number | null
  @EncryptedColumn({ nullable: true }) notes?: string | null
  @EncryptedColumn({ nullable: true, blindIndex: { with: ["city"] } }) street?: string | null
  @EncryptedColumn({ nullable: true }) city?: string | null
  @EncryptedColumn({ nullable: true, codec: "json" }) history?: object | null
  @ManyToOne(() => Person, { nullable: true }) parent?: Person | null
}

type Where = FindOptionsWhere<Person>

const logger = new RecordingLogger()
let source: DataSource
let people: Repository<Person>

beforeAll(async () => {
  source = withEncryption(memorySource([Person], { logger }), { keyring })
  people = (await source.initialize()).getRepository(Person)
  await people.insert([
    { id: 1, email: "Ada", alias: "ada", height: 1 },
    { id: 2, email: "bob", alias: "Ada" },
    { id: 3, parent: { id: 1 } },
  ])
})

beforeEach(() => {
  logger.entries.length = 0
})

async function ids(where: Where | Where[]): Promise<number[]> {
  const found = await people.find({ where, order: { id: "ASC" } })
  return found.map(({ id }) => id)
}

describe("a condition that no blind index answers", () => {
  const comparisons: readonly (readonly [string, () => unknown])[] = [
    ["Like", () => Like("a%")],
    ["ILike", () => ILike("a%")],
    ["MoreThan", () => MoreThan("a")],
    ["LessThan", () => LessThan("a")],
    ["Between", () => Between("a", "b")],
    ["JsonContains", () => JsonContains({})],
    ["Raw", () => Raw((path) => `${path} = 'a'`)],
    ["Not of Like", () => Not(Like("a%"))],
    ["Or of Like", () => Or(Equal("a"), Like("a%"))],
    ["And of MoreThan", () => And(Not("a"), MoreThan("a"))],
  ]

  test.each(comparisons)("as %s is refused, and told what works", async (_name, condition) => {
    const attempts: (() => Promise<unknown>)[] = [
      () => people.findBy({ email: condition() } as Where),
      () => people.findBy({ parent: { email: condition() } } as Where),
      () => people.delete({ email: condition() } as Where),
      () => people.createQueryBuilder("p").where({ email: condition() }).getMany(),
    ]
    for (const run of attempts) {
      const error = await rejection(Promise.resolve().then(run))
      expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Person.email" })
      expect(error.message).toMatch(
        /answers equality only.*Equal, In, Any, BlindEqual, BlindIn, IsNull/,
      )
    }
    expect(logger.statements).toEqual([])
  })

  test.each<readonly [string, () => unknown]>([
    ...comparisons,
    ["BlindEqual", () => BlindEqual("a")],
    ["a value", () => "a"],
  ])(
    "as %s on a property without index is refused, and told to declare one",
    async (_name, condition) => {
      const error = await rejection(people.findBy({ notes: condition() } as Where))

      expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Person.notes" })
      expect(error.message).toContain("@EncryptedColumn({ blindIndex: true })")
      expect(logger.statements).toEqual([])
    },
  )

  test("is not told to declare an index that the codec would not take", async () => {
    const error = await rejection(people.findBy({ history: { allergies: ["nuts"] } }))

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Person.history" })
    expect(error.message).toContain("its codec takes no blind index")
    expect(error.message).not.toContain("blindIndex: true")
  })

  test.each<readonly [string, unknown]>([
    ["null in In", In([null])],
    ["null in Any", Any([null])],
    ["undefined in In", In(["a", undefined])],
    ["null in Equal", Equal(null)],
    ["null in BlindEqual", BlindEqual(null)],
    ["null in Not", Not(null)],
  ])("as %s is refused, and told of IsNull", async (_name, condition) => {
    const error = await rejection(people.findBy({ email: condition as Where["email"] }))

    expect(error.message).toMatch(/^Person\.email: null and undefined are not values.*IsNull\(\)/)
  })

  test.each<readonly [string, () => unknown]>([
    ["Any of an operator", () => Any(Not("x") as never)],
    ["Any of operators", () => Any([Not("x")])],
    ["Equal of Not", () => Equal(Not("x"))],
    ["Equal of IsNull", () => Equal(IsNull())],
    ["Not of Equal of In", () => Not(Equal(In(["x"])))],
    ["In of operators", () => In([Not("x")])],
    ["BlindEqual of an operator", () => BlindEqual(Not("x"))],
    ["BlindIn of operators", () => BlindIn([Not("x")])],
  ])("as %s is refused, since an operator is no value", async (_name, condition) => {
    const where = { email: condition() } as Where
    const attempts: (() => Promise<unknown>)[] = [
      () => people.findBy(where),
      () => people.delete(where),
    ]
    for (const run of attempts) {
      const error = await rejection(Promise.resolve().then(run))

      expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Person.email" })
    }
    expect(logger.statements).toEqual([])
  })

  test.each<readonly [string, (token: string) => Promise<unknown>]>([
    ["a value", (email) => people.findBy({ email })],
    ["Equal", (email) => people.findOneBy({ email: Equal(email) })],
    ["In", (email) => people.countBy({ email: In(["x", email]) })],
    ["Not", (email) => people.findBy({ email: Not(email) })],
    ["BlindEqual", (email) => people.existsBy({ email: BlindEqual(email) })],
    ["BlindIn", (email) => people.findBy({ email: BlindIn([email]) })],
    ["criteria", (email) => people.delete({ email })],
    ["a relation's", (email) => people.findBy({ parent: { email } })],
    ["a builder's", (email) => people.createQueryBuilder("p").where({ email }).getOne()],
    [
      "searchFor's",
      (email) => Promise.resolve().then(() => searchFor(source, Person, "email", email)),
    ],
  ])("of a stored token is refused: %s", async (_name, ask) => {
    const [row] = await source.query<{ email: string }[]>("SELECT email FROM person WHERE id = 1")
    logger.entries.length = 0

    const error = await rejection(Promise.resolve().then(() => ask(row?.email ?? "")))

    expect(error).toMatchObject({ code: "ERR_ALREADY_ENCRYPTED" })
    expect(error.message).toMatch(/^Person\.email: the value sought is a token/)
    expect(error.message).not.toContain(row?.email)
    expect(logger.statements).toEqual([])
  })

  test.each<readonly [string, () => Promise<unknown>, string]>([
    [
      "an unknown property",
      () => people.findBy({ nickname: "x", email: Like("a%") } as never),
      "EntityPropertyNotFoundError",
    ],
    [
      "an unknown property of a builder",
      () => people.createQueryBuilder("p").where({ nickname: "x", notes: "x" }).getMany(),
      "EntityPropertyNotFoundError",
    ],
    [
      "an unknown relation",
      () => people.find({ relations: { nobody: true }, where: { notes: "x" } } as never),
      "EntityPropertyNotFoundError",
    ],
  ])("after %s leaves TypeORM to say what is wrong", async (_what, ask, name) => {
    expect((await rejection(Promise.resolve().then(ask))).name).toBe(name)
  })

  test("as an order is refused", async () => {
    await expect(people.find({ order: { email: "ASC" } })).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED_QUERY",
      property: "Person.email",
    })
  })

  test("as a value of another type is refused without a trace of it", async () => {
    const error = await rejection(people.findBy({ height: "secret" as never }))

    expect(error).toMatchObject({ code: "ERR_INVALID_VALUE" })
    expect(error.message).toMatch(/^Person\.height: expected/)
    expect(error.message).not.toContain("secret")
  })
})

describe("the caller's conditions", () => {
  test("stay as they are, and mean the same each time", async () => {
    const operators = {
      email: Not(In(["ADA"])),
      alias: Equal("Ada"),
      parent: { email: Equal("x") },
    }
    const where = { email: operators.email, alias: operators.alias }
    const list = [where, { id: 1 }]
    const before = JSON.stringify([operators, list])

    for (let i = 0; i < 3; i++) {
      expect(await ids(where)).toEqual([2])
      expect(await ids(list)).toEqual([1, 2])
      expect(await people.countBy({ parent: where })).toBe(0)
      expect(await people.createQueryBuilder("p").where(where).andWhere(where).getCount()).toBe(1)
      expect((await people.update(where, { notes: null })).affected).toBe(1)
    }
    expect(JSON.stringify([operators, list])).toBe(before)
  })

  test("may share an operator between properties with different indexes", async () => {
    const all = [Equal("Ada"), BlindEqual("Ada"), BlindIn(["Ada"]), In(["Ada"]), Any(["Ada"])]
    for (const operator of all) {
      expect(await ids({ email: operator })).toEqual([1])
      expect(await ids({ alias: operator })).toEqual([2])
      expect(await ids([{ email: operator }, { alias: operator }])).toEqual([1, 2])
      expect(await ids({ email: Not(operator), alias: operator })).toEqual([2])
    }
  })

  test("may be frozen, and may inherit", async () => {
    const where = Object.freeze({ email: "ADA", parent: IsNull() })

    expect(await ids(where)).toEqual([1])
    expect(await ids(Object.create(where) as Where)).toEqual([1])
  })
})

describe("a loaded entity as the criterion of a relation", () => {
  const children = async (where: Where) => (await people.findBy(where)).map(({ id }) => id)

  beforeAll(async () => {
    await people.update(1, { notes: "allergic" })
  })

  test("counts by its primary key, whatever else of it is encrypted", async () => {
    const parent = await people.findOneByOrFail({ id: 1 })
    const loaded = await people.findOneByOrFail({ id: 2 })

    expect(parent.notes).toBe("allergic")
    expect(await children({ parent: { id: 1 } })).toEqual([3])
    expect(await people.createQueryBuilder("p").where({ parent }).getMany()).toMatchObject([
      { id: 3 },
    ])
    expect(await children({ parent: people.create({ id: 1, notes: "x" }) })).toEqual([3])
    expect(await children({ parent: people.create({ id: 2, notes: "allergic" }) })).toEqual([])
    expect((await people.update({ parent }, { alias: "child" })).affected).toBe(1)
    expect((await people.update({ parent: loaded }, { alias: "child" })).affected).toBe(0)
  })

  test("leaves no other condition out, behind it or before it", async () => {
    const parent = people.create({ id: 1, notes: "allergic" })

    for (const where of [
      { parent, notes: "x" },
      { notes: "x", parent },
    ]) {
      const error = await rejection(people.findBy(where))
      expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Person.notes" })
    }
  })

  test("counts by its key in criteria and builders, which ask by nothing else of it", async () => {
    const parent = { id: 1, notes: "anything" }

    expect(await people.createQueryBuilder("p").where({ parent }).getMany()).toMatchObject([
      { id: 3 },
    ])
  })

  test("is refused in an object that is none", async () => {
    const error = await rejection(people.findBy({ parent: { id: 1, notes: "allergic" } }))

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Person.notes" })
  })
})

describe("an index over several properties", () => {
  test("refuses lists of more combinations than a query should have", async () => {
    const many = Array.from({ length: 400 }, (_, i) => String(i))

    const error = await rejection(people.findBy({ street: In(many), city: In(many) }))

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Person.street" })
    expect(error.message).toMatch(/Person\.city are indexed together.* 160000 combinations/)
    expect(logger.statements).toEqual([])
  })

  test("refuses null in a list", async () => {
    const error = await rejection(people.findBy({ street: In(["a", null]), city: "x" }))

    expect(error.message).toMatch(/^Person\.street: null and undefined are not values/)
  })

  test.each([() => Equal(In([])), () => Equal(Any(["x"])), () => In(Any(["x"]) as never)])(
    "refuses an operator inside another beside an empty list (%#)",
    async (operator) => {
      const error = await rejection(people.findBy({ street: In([]), city: operator() as never }))

      expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY" })
      expect(logger.statements).toEqual([])
    },
  )

  test("asks for what two lists have twice only once", async () => {
    const where = { street: In(["a", "a"]), city: In(["x", "x", "y"]) }
    expect(await ids(where)).toEqual([])
    logger.entries.length = 0
    expect(await ids(where)).toEqual([])

    expect(logger.statements).toEqual([expect.stringContaining('"street_city_bidx" IN (?, ?)')])
  })
})

describe("the types", () => {
  test("let only values of the property be sought", async () => {
    // @ts-expect-error -- a number is no e-mail address
    await rejection(people.findBy({ email: BlindEqual(5) }))
    // @ts-expect-error -- nor are numbers
    await rejection(people.findBy({ email: BlindIn([5]) }))
    // @ts-expect-error -- nor is a text a number
    await rejection(people.findBy({ parent: { height: BlindEqual("5") } }))

    expect(await ids({ email: BlindEqual("x"), height: BlindIn([1, 2]) })).toEqual([])
  })
})
