import { beforeAll, expect, test } from "@jest/globals"
import fc from "fast-check"
import {
  Column,
  type DataSource,
  type EntityManager,
  Entity,
  In,
  Not,
  PrimaryColumn,
  type Repository,
} from "typeorm"

import { BlindEqual, EncryptedColumn, withEncryption } from "../../../src"
import { digestOf } from "../../search/digest-of"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { typeormUnderTest } from "../../support/typeorm-version"
import { rowsOf } from "../stored"

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @Column({ type: "int", default: 0 }) visits!: number
  @EncryptedColumn({ nullable: true, blindIndex: { normalize: "lowercase" } }) email!: string | null
  @EncryptedColumn({ nullable: true, blindIndex: { with: ["family"] } }) given!: string | null
  @EncryptedColumn({ nullable: true }) family!: string | null
}

type Values = Pick<Person, "email" | "family" | "given">

/** A way of storing values in a row, which may be there already. */
type Write = (people: Repository<Person>, id: number, values: Values) => Promise<unknown>

const inTransaction =
  (write: Write): Write =>
  ({ manager }, ...rest) =>
    manager.transaction((inner: EntityManager) => write(inner.getRepository(Person), ...rest))

const replacing =
  (write: Write): Write =>
  async (people, id, values) => {
    await people.delete(id)
    return write(people, id, values)
  }

/** An update has to find a row. */
const existing =
  (write: Write): Write =>
  async (people, id, values) => {
    const isThere = (await people.countBy({ id })) > 0
    return isThere ? write(people, id, values) : people.insert({ id, ...values })
  }

const writes: Readonly<Record<string, Write>> = {
  save: (people, id, values) => people.save(people.create({ id, ...values })),
  "save of an object": (people, id, values) => people.save({ id, ...values }, { listeners: false }),
  "save of a loaded entity": existing(async (people, id, values) =>
    people.save(Object.assign(await people.findOneByOrFail({ id }), values)),
  ),
  insert: replacing((people, id, values) => people.insert({ id, ...values })),
  "insert of many": replacing((people, id, values) => people.insert([{ id, ...values }])),
  update: existing((people, id, values) => people.update(id, values)),
  "update by value": existing(async (people, id, values) => {
    const { email } = await people.findOneByOrFail({ id })
    return people.update(email === null ? { id } : { id, email }, values)
  }),
  "update of parts": existing(async (people, id, { email, ...name }) => {
    await people.update(id, { email })
    await people.update(id, name)
  }),
  upsert: (people, id, values) => people.upsert({ id, ...values }, ["id"]),
  orUpdate: (people, id, values) =>
    people
      .createQueryBuilder()
      .insert()
      .values({ id, ...values })
      .orUpdate(["email", "given", "family"], ["id"])
      .callListeners(false)
      .execute(),
  "an update builder": existing((people, id, values) =>
    people.createQueryBuilder().update().set(values).where({ id }).callListeners(false).execute(),
  ),
  "through null": existing(async (people, id, values) => {
    await people.update(id, { email: null, given: null, family: null })
    return people.save({ id, ...values })
  }),
}
const all = { ...writes }
for (const [name, write] of Object.entries(writes))
  all[`${name}, in a transaction`] = inTransaction(write)

const text = fc.constantFrom("Ada", "ada", "Bob", "", " ", "Zoë", "漢字", "x".repeat(300))
const step = fc.record({
  write: fc.constantFrom(...Object.keys(all)),
  id: fc.integer({ min: 1, max: 3 }),
  values: fc.record({
    email: fc.option(text),
    given: fc.option(text),
    family: fc.option(text),
  }),
})

eachDatabase("a blind index", (db) => {
  // The others differ in what test/integration/search/paths.test.ts covers
  const isTested = db.name === "SQLite" || (db.name === "PostgreSQL" && isNewest())
  let source: DataSource
  let people: Repository<Person>

  beforeAll(async () => {
    source = await db.connect({ entities: [Person], synchronize: true }, (unbound) =>
      withEncryption(unbound, { keyring }),
    )
    people = source.getRepository(Person)
  })

  ;(isTested ? test : test.skip)(
    "finds every row by its current values and by no earlier ones, whatever wrote them",
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
          await people.clear()
          const rows = new Map<number, Values>()
          for (const { write, id, values } of steps) {
            await all[write]?.(people, id, values)
            rows.set(id, values)
            await expectInStep(rows)
          }
        }),
        { numRuns: db.name === "SQLite" ? 25 : 12 },
      )
    },
  )

  async function expectInStep(rows: ReadonlyMap<number, Values>): Promise<void> {
    const emails = ["ada", "bob", "", " ", "zoë", "漢字"]
    for (const email of emails) {
      const has = ([, values]: readonly [number, Values]) => values.email?.toLowerCase() === email
      const found = await people.findBy({ email: BlindEqual(email.toUpperCase()) })
      expect(found.map(({ id }) => id).sort()).toEqual(
        [...rows]
          .filter(has)
          .map(([id]) => id)
          .sort(),
      )
    }
    const known = [...rows.values()].flatMap(({ email }) => email ?? [])
    expect(await people.countBy({ email: In(known) })).toBe(known.length)
    expect(await people.countBy({ email: Not(In([...known, "nobody"])) })).toBe(0)
    for (const row of await rowsOf(db, "person")) {
      const { email, given, family } = rows.get(Number(row.id)) ?? {
        email: null,
        given: null,
        family: null,
      }
      expect(row.email_bidx).toBe(
        email === null ? null : digestOf("person/email/email_bidx", email.toLowerCase()),
      )
      expect(row.given_family_bidx).toBe(
        given === null || family === null
          ? null
          : digestOf("person/given,family/given_family_bidx", [given, family]),
      )
    }
  }
})

function isNewest(): boolean {
  return typeormUnderTest().version.startsWith("1.")
}
