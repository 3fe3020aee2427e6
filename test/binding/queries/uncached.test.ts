import { beforeEach, describe, expect, test } from "@jest/globals"
import { type DataSource, Entity, JoinColumn, ManyToOne, PrimaryColumn } from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"
import { keyring } from "../../support/keys"
import { memorySource } from "../memory-source"

@Entity()
class Ward {
  @PrimaryColumn() id!: number
}

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: true }) email!: string
  @ManyToOne(() => Ward) @JoinColumn() ward?: Ward
}

const sought = "sought@example.com"

describe.each<[what: string, cache: boolean | { alwaysEnabled: boolean }]>([
  ["a result cache", true],
  ["a result cache for every query", { alwaysEnabled: true }],
])("%s, with rows in plaintext", (_what, cache) => {
  let source: DataSource

  beforeEach(async () => {
    const options = { keyring, plaintext: "allow" } as const
    source = await withEncryption(memorySource([Ward, Person], { cache }), options).initialize()
    await source.query("INSERT INTO ward (id) VALUES (1)")
    await source.query(`INSERT INTO person (id, email, wardId) VALUES (1, '${sought}', 1)`)
  })

  const cached = async (): Promise<string> =>
    JSON.stringify(await source.query(`SELECT query FROM "query-result-cache"`))

  test.each<[way: string, find: () => Promise<unknown[]>]>([
    ["find", () => source.manager.find(Person, { where: { email: sought }, cache: true })],
    [
      "a page of a join",
      () =>
        source.manager.find(Person, {
          where: { email: sought },
          relations: { ward: true },
          take: 1,
          cache: true,
        }),
    ],
    [
      "a string",
      () =>
        source.manager
          .createQueryBuilder(Person, "p")
          .where("p.email = :email", { email: sought })
          .cache(true)
          .getMany(),
    ],
    [
      "a nested query",
      () =>
        source.manager
          .createQueryBuilder(Ward, "w")
          .where((outer) => {
            const inner = outer.subQuery().select("p.wardId").from(Person, "p")
            return `w.id IN ${inner.where("p.email = :email", { email: sought }).getQuery()}`
          })
          .cache(true)
          .getMany(),
    ],
  ])("holds nothing that was sought by %s", async (_way, find) => {
    expect(await find()).toMatchObject([{ id: 1 }])
    expect(await find()).toMatchObject([{ id: 1 }])

    expect(await cached()).not.toContain(sought)
  })

  test("holds what seeks nothing, and leaves the builder as it was", async () => {
    const builder = source.manager.createQueryBuilder(Person, "p").cache(true)

    await builder.getMany()
    await builder.andWhere({ email: sought }).getMany()

    expect(builder.expressionMap.cache).toBe(true)
    expect(await cached()).toContain("FROM")
    expect(await cached()).not.toContain(sought)
  })
})
