import { beforeEach, expect, test } from "@jest/globals"
import { Brackets, type DataSource, Entity, In, IsNull, Not, PrimaryColumn } from "typeorm"

import { EncryptedColumn, encryptColumns, withEncryption } from "../../../src"
import { RecordingLogger } from "../../binding/recording-logger"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { rowsOf } from "../stored"

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: { building: true } }) email!: string | null
}

eachDatabase("a blind index that is being built", (db) => {
  const logger = new RecordingLogger()
  let source: DataSource

  /** Row 1 has a token from before the index, 2 has none. */
  beforeEach(async () => {
    await db.dropAllTables()
    source = await db.connect(
      { entities: [Person], synchronize: true, logger, logging: ["query"] },
      (unbound) => withEncryption(unbound, { keyring }),
    )
    await db.rawRows(`INSERT INTO person (id, email) VALUES (1, '${keyring.encrypt("ada@x")}')`)
    await db.rawRows("INSERT INTO person (id) VALUES (2)")
    logger.entries.length = 0
  })

  const asking: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["a value", () => source.manager.findBy(Person, { email: "ada@x" })],
    ["a list", () => source.manager.countBy(Person, { email: In(["ada@x"]) })],
    ["Not", () => source.manager.findOneBy(Person, { email: Not("ada@x") })],
    ["criteria of a write", () => source.manager.delete(Person, { email: "ada@x" })],
    [
      "a string",
      () =>
        source
          .createQueryBuilder(Person, "p")
          .where("p.email = :email", { email: "ada@x" })
          .getMany(),
    ],
  ]

  test.each(asking)("is not asked by %s, which names the command", async (_what, ask) => {
    await expect(ask()).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED_QUERY",
      property: "Person.email",
      message: expect.stringMatching(/email_bidx is being built.*column:encrypt/) as unknown,
    })

    expect(logger.statements).toEqual([expect.stringMatching(/^SELECT 1 AS missing/)])
    expect(await rowsOf(db, "person")).toHaveLength(2)
  })

  test("is written", async () => {
    await source.manager.insert(Person, { id: 3, email: "bob@x" })

    const [row] = (await rowsOf(db, "person")).filter(({ id }) => id === 3)
    expect(row?.email_bidx).toMatch(/^[0-9a-f]{32}$/)
    await expect(source.manager.findBy(Person, { email: "bob@x" })).rejects.toThrow("being built")
  })

  test("lets all else be asked", async () => {
    const found = await source.manager.findBy(Person, { email: IsNull() })

    expect(found).toMatchObject([{ id: 2 }])
    expect(await source.manager.findBy(Person, { id: 1 })).toMatchObject([{ email: "ada@x" }])
  })

  test("answers once every token has an index value, and is not looked at again", async () => {
    await expect(source.manager.findBy(Person, { email: "ada@x" })).rejects.toThrow("being built")
    await encryptColumns(source, Person)

    expect(await source.manager.findBy(Person, { email: "ada@x" })).toMatchObject([{ id: 1 }])
    logger.entries.length = 0
    for (const [, ask] of asking) await ask()

    expect(logger.statements.filter((sql) => sql.includes("missing"))).toEqual([])
    expect(await rowsOf(db, "person")).toMatchObject([{ id: 2 }])
  })
})

@Entity("person")
class Undeclared {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: true }) email!: string | null
  @EncryptedColumn({ nullable: true, blindIndex: { with: ["family"] } }) given!: string | null
  @EncryptedColumn({ nullable: true, plaintext: "allow" }) family!: string | null
}

@Entity("person")
class LeftOut {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: { building: false } }) email!: string | null
}

@Entity()
class Ward {
  @PrimaryColumn() id!: number
}

eachDatabase("a blind index that nobody declared to be built", (db) => {
  const logger = new RecordingLogger()
  let source: DataSource

  const connect = (entity: new () => object, synchronize = false): Promise<DataSource> =>
    db.connect({ entities: [entity, Ward], synchronize, logger, logging: ["query"] }, (unbound) =>
      withEncryption(unbound, { keyring }),
    )

  /** Row 1 has a token from before the index, 2 has none, and 3 has one of today. */
  beforeEach(async () => {
    await db.dropAllTables()
    source = await connect(Undeclared, true)
    await db.rawRows(`INSERT INTO person (id, email) VALUES (1, '${keyring.encrypt("ada@x")}')`)
    await db.rawRows("INSERT INTO person (id) VALUES (2)")
    await source.manager.insert(Undeclared, { id: 3, email: "bob@x" })
    logger.entries.length = 0
  })

  const refused = (property: string): object => ({
    code: "ERR_UNSUPPORTED_QUERY",
    property,
    message: expect.stringMatching(/tokens have no value in .*column:encrypt/) as unknown,
  })

  const asking: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["a value", () => source.manager.findBy(Undeclared, { email: "bob@x" })],
    ["Not", () => source.manager.findOneBy(Undeclared, { email: Not("ada@x") })],
    ["criteria of a write", () => source.manager.delete(Undeclared, { email: "ada@x" })],
    [
      "a string",
      () =>
        source
          .createQueryBuilder(Undeclared, "p")
          .where("p.email = :email", { email: "bob@x" })
          .getMany(),
    ],
    [
      "a string of a write, in Brackets",
      () =>
        source
          .createQueryBuilder()
          .delete()
          .from(Undeclared)
          .where(new Brackets((inner) => inner.where("email = :email", { email: "bob@x" })))
          .execute(),
    ],
    [
      "a string of the SELECT inside",
      () =>
        source
          .createQueryBuilder(Ward, "w")
          .where("w.id IN (SELECT p.id FROM person p WHERE p.email = :email)", { email: "bob@x" })
          .getMany(),
    ],
    [
      "a string of what a column is set to",
      () =>
        source
          .createQueryBuilder()
          .update(Undeclared)
          .set({ id: () => "CASE WHEN email = :email THEN id ELSE id END" })
          .setParameters({ email: "bob@x" })
          .execute(),
    ],
    [
      "a SELECT inside of what is inserted",
      () =>
        source
          .createQueryBuilder()
          .insert()
          .into(Ward)
          .values({ id: () => "(SELECT 1 + COUNT(*) FROM person WHERE email = :email)" })
          .setParameters({ email: "bob@x" })
          .orIgnore()
          .execute(),
    ],
    [
      "a string of WITH",
      () =>
        source
          .createQueryBuilder(Ward, "w")
          .addCommonTableExpression("SELECT p.id FROM person p WHERE p.email = :email", "found")
          .where("w.id IN (SELECT found.id FROM found)")
          .setParameters({ email: "bob@x" })
          .getMany(),
    ],
    [
      "a builder of WITH",
      () =>
        source
          .createQueryBuilder(Ward, "w")
          .addCommonTableExpression(
            source
              .createQueryBuilder(Undeclared, "p")
              .select("p.id", "id")
              .where("p.email = :email", { email: "bob@x" }),
            "found",
          )
          .where("w.id IN (SELECT found.id FROM found)")
          .getMany(),
    ],
    [
      "an object of a builder of WITH",
      () =>
        source
          .createQueryBuilder(Ward, "w")
          .addCommonTableExpression(
            source
              .createQueryBuilder(Undeclared, "p")
              .select("p.id", "id")
              .where({ email: "bob@x" }),
            "found",
          )
          .where("w.id IN (SELECT found.id FROM found)")
          .getMany(),
    ],
    [
      "a builder inside",
      async () => {
        const outer = source.createQueryBuilder(Ward, "w")
        const inner = outer
          .subQuery()
          .select("p.id")
          .from(Undeclared, "p")
          .where("p.email = :email")
          .setParameters({ email: "bob@x" })
        await outer
          .where(`w.id IN ${inner.getQuery()}`)
          .setParameters(inner.getParameters())
          .getMany()
      },
    ],
  ]

  test.each(asking)("is noticed by the first that asks it: %s", async (_what, ask) => {
    await expect(ask()).rejects.toMatchObject(refused("Undeclared.email"))

    expect(logger.statements).toEqual([expect.stringMatching(/^SELECT 1 AS missing/)])
    await expect(ask()).rejects.toMatchObject(refused("Undeclared.email"))
    expect(await rowsOf(db, "person")).toHaveLength(3)
  })

  test("is looked at once, when every token has an index value", async () => {
    await encryptColumns(source, Undeclared)

    for (const [, ask] of [...asking, ...asking]) await ask()

    expect(logger.statements.filter((sql) => sql.includes("AS missing"))).toHaveLength(1)
  })

  test("is asked for the first time as it is ever after, also where TypeORM leaves out a page", async () => {
    await encryptColumns(source, Undeclared)
    const ask = (): Promise<unknown> =>
      source.manager.exists(Undeclared, { where: { email: "bob@x" }, skip: 2 }).then(
        (found) => found,
        (error: unknown) => String(error),
      )

    const first = await ask()
    await source.manager.findBy(Undeclared, { email: "bob@x" })

    expect(await ask()).toEqual(first)
  })

  test("is not looked at by who does not ask it", async () => {
    await source.manager.findBy(Undeclared, { id: 1 })
    await source.manager.findBy(Undeclared, { email: IsNull() })
    await source.manager.save(Undeclared, { id: 3, email: "cleo@x" })

    expect(logger.statements.filter((sql) => sql.includes("AS missing"))).toEqual([])
  })

  test("is noticed over two properties of which one was encrypted before the other", async () => {
    await db.rawRows(
      `INSERT INTO person (id, given, family) VALUES (4, '${keyring.encrypt("Ada")}', 'King')`,
    )
    const ask = (): Promise<unknown> =>
      source.manager.findBy(Undeclared, { given: "Ada", family: "King" })

    await expect(ask()).rejects.toMatchObject(refused("Undeclared.given"))
    await encryptColumns(source, Undeclared)
    expect(await ask()).toMatchObject([{ id: 4 }])
  })

  test("is asked as it is where it is said that tokens are to stay without", async () => {
    const leftOut = await connect(LeftOut)
    logger.entries.length = 0

    expect(await leftOut.manager.findBy(LeftOut, { email: "bob@x" })).toMatchObject([{ id: 3 }])
    expect(await leftOut.manager.findBy(LeftOut, { email: "ada@x" })).toEqual([])

    expect(logger.statements.filter((sql) => sql.includes("AS missing"))).toEqual([])
  })
})

@Entity("person")
class Legacy {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, plaintext: "allow", blindIndex: true }) email!: string | null
}

eachDatabase("a blind index over legacy plaintext", (db) => {
  test("misses nothing, and is asked", async () => {
    await db.dropAllTables()
    const source = await db.connect({ entities: [Legacy], synchronize: true }, (unbound) =>
      withEncryption(unbound, { keyring }),
    )
    await db.rawRows("INSERT INTO person (id, email) VALUES (1, 'ada@x')")
    await source.manager.insert(Legacy, { id: 2, email: "ada@x" })

    expect(await source.manager.findBy(Legacy, { email: "ada@x" })).toHaveLength(2)
  })
})
