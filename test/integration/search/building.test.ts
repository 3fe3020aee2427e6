import { beforeEach, expect, test } from "@jest/globals"
import { type DataSource, Entity, In, IsNull, Not, PrimaryColumn } from "typeorm"

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
