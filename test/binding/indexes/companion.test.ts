import { beforeEach, describe, expect, test } from "@jest/globals"
import { Column, type DataSource, Entity, PrimaryColumn, type Repository } from "typeorm"

import { EncryptedColumn, type EncryptionOptions, withEncryption } from "../../../src"
import { type Companion, companionsOf } from "../../../src/binding/indexes/companion"
import { digestOf } from "../../search/digest-of"
import { keyring } from "../../support/keys"
import { memorySource, rejection } from "../memory-source"
import { RecordingLogger } from "../recording-logger"

/** How often an index value was computed. */
let computed = 0
const counting = (text: string): string => {
  computed++
  return text.toLowerCase()
}

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @Column({ default: 0 }) visits!: number
  @EncryptedColumn({ nullable: true, blindIndex: { normalize: counting } }) email?: string | null
  @EncryptedColumn({
    nullable: true,
    blindIndex: { with: ["family"], name: "full_name", normalize: "lowercase" },
  })
  given?: string | null
  @EncryptedColumn({ nullable: true }) family?: string | null
}

/** Indexed together in pairs, of which a write may leave one only. */
@Entity()
class Pairs {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: { with: ["b"], name: "ab" } }) a!: string
  @EncryptedColumn() b!: string
  @EncryptedColumn({ blindIndex: { with: ["d"], name: "cd" } }) c!: string
  @EncryptedColumn() d!: string
}

const logger = new RecordingLogger()
const ada = { id: 1, email: "Ada@x", given: "Ada", family: "King" }
const full = digestOf("person/given,family/full_name", ["ada", "king"])

let source: DataSource
let people: Repository<Person>

async function start(options: Partial<EncryptionOptions> = {}): Promise<void> {
  source = withEncryption(memorySource([Person, Pairs], { logger }), { keyring, ...options })
  people = (await source.initialize()).getRepository(Person)
  await people.insert(ada)
  logger.entries.length = 0
  computed = 0
}

async function row(): Promise<Record<string, unknown> | undefined> {
  const rows = await source.query<Record<string, unknown>[]>("SELECT * FROM person WHERE id = 1")
  return rows[0]
}

/** The last UPDATE that was logged. */
const update = (): string | undefined =>
  logger.statements.findLast((sql) => sql.startsWith("UPDATE"))

describe("an index value", () => {
  beforeEach(() => start())

  test("is not computed to compare an entity with its row", async () => {
    const person = await people.findOneByOrFail({ id: 1 })
    await people.save(Object.assign(person, { visits: 1 }))

    expect(computed).toBe(0)
    expect(update()).toContain('SET "visits" = 1 WHERE')
    await people.save(Object.assign(person, { email: "Eva@x" }))
    expect(computed).toBe(1)
  })

  test("over two properties is written along with one that changes, though it stays", async () => {
    const person = await people.findOneByOrFail({ id: 1 })

    await people.save(Object.assign(person, { given: "ADA" }))

    expect(update()).toContain("full_name")
    expect(logger.statements.filter((sql) => sql.includes("written"))).toEqual([])
    expect((await row())?.full_name).toBe(full)
    expect(await people.findBy({ given: "ada", family: "KING" })).toMatchObject([{ given: "ADA" }])
  })

  test("over two properties is NULL if one of them is", async () => {
    await people.update(1, { given: null, family: "King" })
    expect((await row())?.full_name).toBeNull()

    await people.update(1, { given: "Ada", family: "King" })
    expect((await row())?.full_name).toBe(full)

    await people.save({ id: 1, given: "Ada", family: null })
    expect((await row())?.full_name).toBeNull()
  })

  test("over two properties is not left behind by criteria that find who knows which rows", async () => {
    const error = await rejection(people.update({ visits: 0 }, { given: "Eva" }))

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY" })
    expect(error.message).toBe(
      "Person.given, Person.family are indexed together, and the write holds only some of them, so the " +
        "index would go stale. Write all of them at once, or load the entity and save it.",
    )
    expect((await row())?.full_name).toBe(full)
  })

  test("is written and completed in one transaction, by whatever way", async () => {
    await source.query("UPDATE person SET family = 'gAAAAAdamaged'")
    const before = await row()
    const ways: (() => Promise<unknown>)[] = [
      () => people.upsert({ id: 1, given: "Eva" }, ["id"]),
      () =>
        people
          .createQueryBuilder()
          .update()
          .set({ given: "Eva" })
          .whereEntity(people.create({ id: 1 }))
          .execute(),
    ]

    for (const write of ways) {
      expect(await rejection(write())).toMatchObject({ code: "ERR_DECRYPTION_FAILED" })
      expect(await row()).toEqual(before)
    }
  })

  test("is completed in that transaction though others of the entity are left alone", async () => {
    const pairs = source.getRepository(Pairs)
    await pairs.insert({ id: 1, a: "a", b: "b", c: "c", d: "d" })
    await source.query("UPDATE pairs SET b = 'gAAAAAdamaged'")
    const [before] = await source.query<object[]>("SELECT * FROM pairs")
    const builder = pairs.createQueryBuilder()

    const ways: (() => Promise<unknown>)[] = [
      () =>
        builder
          .update()
          .set({ a: "x" })
          .whereEntity(pairs.create({ id: 1 }))
          .execute(),
      () =>
        builder
          .insert()
          .values({ id: 1, a: "x", b: "b", c: "c", d: "d" })
          .orUpdate(["a"], ["id"])
          .execute(),
    ]
    for (const write of ways) {
      expect(await rejection(write())).toMatchObject({ code: "ERR_DECRYPTION_FAILED" })
      expect(await source.query("SELECT * FROM pairs")).toEqual([before])
    }
  })

  test("needs no transaction where it is complete", async () => {
    await people.upsert(ada, ["id"])
    await people.update(1, { given: "Eva", family: "Moss" })
    await people.update(1, { email: "eva@x" })

    const kinds = logger.entries.map(([, sql]) => String(sql).split(" ")[0])
    // TypeORM looks for what the database made of an upsert
    expect(kinds).toEqual(["INSERT", "SELECT", "UPDATE", "UPDATE"])
  })
})

describe("a companion", () => {
  let email: Companion
  let names: Companion

  beforeEach(async () => {
    await start()
    ;[email, names] = companionsOf(source.getMetadata(Person)) as [Companion, Companion]
  })

  test("has no value in what is no entity", () => {
    for (const none of [null, undefined, "Ada@x", 5]) {
      expect(email.valueIn(none)).toBeUndefined()
      expect(email.comparedIn(none)).toBeUndefined()
    }
  })

  test("takes its own value for one, and none of a caller's", () => {
    const own = email.valueIn(ada)

    expect(email.valueIn({ email_bidx: own })).toBe(own)
    expect(email.persisted(own)).toBe(digestOf("person/email/email_bidx", "ada@x"))
    expect(email.persisted(null)).toBeNull()
    expect(email.persisted(undefined)).toBeUndefined()
    expect(email.updatedBy({ email_bidx: own })).toBeUndefined()
    for (const theirs of ["x", 5]) {
      expect(() => email.persisted(theirs)).toThrow("cannot be set")
      expect(() => email.valueIn({ email_bidx: theirs })).toThrow("cannot be set")
      expect(() => email.comparedIn({ email_bidx: theirs })).toThrow("cannot be set")
      expect(() => email.updatedBy({ email_bidx: theirs })).toThrow("cannot be set")
    }
    expect(email.comparedIn({ email_bidx: null })).toBeUndefined()
  })

  test("over several properties has a value where all are known, which is NULL if one is", () => {
    expect(names.valueIn({ given: "Ada" })).toBeUndefined()
    expect(names.persisted(names.valueIn({ given: "Ada", family: null }))).toBeNull()
    expect(names.persisted(names.valueIn(ada))).toBe(full)
    expect(names.valueIn(ada)).not.toBe(names.valueIn({ ...ada, given: "ADA" }))
    expect(names.comparedIn(ada)).toBe(names.valueIn(ada))
  })

  test("knows a write of some of its properties", () => {
    expect(names.isCoveredInPart({ given: "Ada" })).toBe(true)
    for (const values of [{}, { given: "a", family: "b" }, { given: null }, { visits: 1 }]) {
      expect(names.isCoveredInPart(values)).toBe(false)
    }
    expect(names.isCoveredInPart({ given: "a", full_name: "x" })).toBe(false)
    expect(email.isCoveredInPart({ email: "a" })).toBe(false)
  })

  test("is NULL in an UPDATE of one of its properties to NULL", () => {
    expect(names.updatedBy({ given: null, family: "King" })).toBeNull()
    expect(names.updatedBy({ given: null })).toBeNull()
    expect(() => names.updatedBy({ given: "Ada" })).toThrow("are indexed together")
  })
})

describe('an index value under "keep"', () => {
  test("is NULL, anew whenever its property changes, and left where none does", async () => {
    await start({ plaintext: "keep" })
    const others = "UPDATE person SET email_bidx = 'theirs', full_name = 'theirs'"
    expect(await row()).toMatchObject({ email: "Ada@x", email_bidx: null, full_name: null })

    await source.query(others)
    await people.update(1, { visits: 1 })
    await people.save(await people.findOneByOrFail({ id: 1 }))
    expect(await row()).toMatchObject({ email_bidx: "theirs", full_name: "theirs" })

    const person = await people.findOneByOrFail({ id: 1 })
    await people.save(Object.assign(person, { email: "Eva@x", given: "Eva" }))
    expect(await row()).toMatchObject({ email_bidx: null, full_name: null })
    expect(computed).toBe(0)
  })
})
