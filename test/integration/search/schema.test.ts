import { expect, test } from "@jest/globals"
import { ChildEntity, Entity, PrimaryColumn, TableInheritance } from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"
import { eachDatabase, type ExtraOptions, type TestDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { Club, Member } from "./model"

@Entity()
@TableInheritance({ column: { type: "varchar", length: 20, name: "kind" } })
class Staff {
  @PrimaryColumn() id!: number
  @EncryptedColumn({
    blindIndex: [{ bits: 13 }, { name: "The Index", normalize: "digits" }],
    type: "varchar",
    length: 255,
  })
  phone!: string
}

@ChildEntity()
class Doctor extends Staff {
  @EncryptedColumn({ nullable: true, blindIndex: { unique: true } }) licence?: string | null
}

@Entity("plain")
class Before {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true }) email?: string | null
}

@Entity("plain")
class After {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: true }) email?: string | null
}

@Entity("plain")
class AfterUnique {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: { unique: true } }) email?: string | null
}

const connect = (db: TestDatabase, options: ExtraOptions) =>
  db.connect(options, (unbound) => withEncryption(unbound, { lazyKeys: true, keyring: fail }))

function fail(): never {
  throw new Error("no keys at hand")
}

eachDatabase("the companion columns of blind indexes", (db) => {
  const drift = async (options: ExtraOptions): Promise<string[]> => {
    const source = await connect(db, options)
    return (await source.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query)
  }

  test("come out of synchronize without keys, and then show no drift", async () => {
    const entities = [Member, Club, Staff, Doctor]
    await connect(db, { entities, synchronize: true })

    expect(await drift({ entities })).toEqual([])
    await connect(db, { entities, synchronize: true })
    expect(await drift({ entities })).toEqual([])
  })

  test("come out of a migration, with their index", async () => {
    await connect(db, { entities: [Before], synchronize: true, dropSchema: true })

    const statements = await drift({ entities: [After] })

    expect(statements.join("\n")).toMatch(
      /ADD .?email_bidx.? (?:varchar|character varying)\(32\)|email_bidx.? varchar/,
    )
    expect(statements.join("\n")).toMatch(/CREATE INDEX .*email_bidx/)
    await connect(db, { entities: [After], synchronize: true })
    const unique = (await drift({ entities: [AfterUnique] })).join("\n")
    expect(unique).toMatch(/UNIQUE INDEX .*email_bidx/)
    expect(unique).toContain("DROP INDEX")
  })

  test("are added to a table that has rows, and lose none", async () => {
    const entities = { synchronize: true, dropSchema: true, entities: [Before] }
    const before = await db.connect(entities, (unbound) => withEncryption(unbound, { keyring }))
    await before.manager.insert(Before, { id: 1, email: "ada@x" })
    const after = await db.connect({ entities: [AfterUnique], synchronize: true }, (unbound) =>
      withEncryption(unbound, { keyring }),
    )

    expect(await after.manager.find(AfterUnique)).toEqual([{ id: 1, email: "ada@x" }])
    await after.manager.update(AfterUnique, 1, { email: "ada@x" })
    expect(await after.manager.countBy(AfterUnique, { email: "ada@x" })).toBe(1)
    await expect(after.manager.insert(AfterUnique, { id: 2, email: "ada@x" })).rejects.toThrow()
  })

  test("are hidden from entities, JSON and selections", async () => {
    const options = { entities: [After], synchronize: true, dropSchema: true }
    const source = await db.connect(options, (unbound) => withEncryption(unbound, { keyring }))
    const rows = source.getRepository(After)
    await rows.save({ id: 1, email: "ada@x" })

    const [entity] = await rows.find()
    const raw = await rows.createQueryBuilder("p").getRawMany<object>()

    expect(Object.keys(entity ?? {})).toEqual(["id", "email"])
    expect(JSON.stringify([entity, raw])).not.toContain("bidx")
    expect(await rows.find({ select: { email_bidx: true, id: true } as object })).toEqual([
      { id: 1 },
    ])
  })

  if (db.name === "PostgreSQL") {
    test("answer a search by their index", async () => {
      const options = { entities: [After], synchronize: true, dropSchema: true }
      const source = await db.connect(options, (unbound) => withEncryption(unbound, { keyring }))
      const rows = source.getRepository(After)
      await db.rawRows(
        "INSERT INTO plain (id, email_bidx) SELECT i, md5(i::text) FROM generate_series(1, 20000) i",
      )
      await db.rawRows("ANALYZE plain")
      const [sql, parameters] = rows
        .createQueryBuilder("p")
        .setFindOptions({ where: { email: "ada@x" } })
        .getQueryAndParameters()

      const plan = await source.query<object[]>(`EXPLAIN ${sql}`, parameters)

      expect(JSON.stringify(plan)).toMatch(/Index Scan using .*IDX_/)
      expect(JSON.stringify(plan)).toContain("email_bidx")
    })
  }
})
