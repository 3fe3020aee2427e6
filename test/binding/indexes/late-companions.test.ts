import { beforeEach, describe, expect, test } from "@jest/globals"
import { Column, type DataSource, Entity, PrimaryColumn, type Repository } from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"
import { digestOf } from "../../search/digest-of"
import { keyring } from "../../support/keys"
import { memorySource, rejection } from "../memory-source"
import { RecordingLogger } from "../recording-logger"

class Name {
  @EncryptedColumn({ nullable: true, blindIndex: { with: ["family"], name: "full" } })
  given?: string | null
  @EncryptedColumn({ nullable: true }) family?: string | null
}

@Entity()
class Person {
  @PrimaryColumn() clinic!: string
  @PrimaryColumn() id!: number
  @Column(() => Name) name!: Name
  @Column({ default: 0 }) visits!: number
}

const full = (given: string, family: string) =>
  digestOf("person/nameGiven,nameFamily/name_full", [given, family])

/** Does something while a statement is about to be executed. */
class Meanwhile extends RecordingLogger {
  at: RegExp | undefined
  todo: () => void = () => undefined

  override logQuery(query: string, parameters?: unknown[]): void {
    super.logQuery(query, parameters)
    if (this.at?.test(query) !== true) return
    this.at = undefined
    this.todo()
  }
}

const logger = new Meanwhile()
let source: DataSource
let people: Repository<Person>

beforeEach(async () => {
  source = withEncryption(memorySource([Person], { logger }), { keyring })
  people = (await source.initialize()).getRepository(Person)
  await people.insert({ clinic: "a", id: 1, name: { given: "Ada", family: "King" } })
  logger.entries.length = 0
})

/** Past TypeORM, as another process would. */
function now(sql: string): Record<string, unknown> | undefined {
  const { databaseConnection } = source.driver as unknown as {
    databaseConnection: { prepare: (sql: string) => { all: () => Record<string, unknown>[] } }
  }
  return databaseConnection.prepare(sql).all()[0]
}

const row = () => now("SELECT * FROM person WHERE id = 1")

describe("an index over several properties, of which one is written", () => {
  test("is completed by the row's key, all of it", async () => {
    await people.insert({ clinic: "b", id: 1, name: { given: "Eve", family: "Moss" } })

    await people.save({ clinic: "a", id: 1, name: { given: "Eva" } })

    expect(row()?.name_full).toBe(full("Eva", "King"))
    expect(now("SELECT * FROM person WHERE clinic = 'b'")?.name_full).toBe(full("Eve", "Moss"))
  })

  test.each<[string, () => Promise<unknown>]>([
    ["save()", () => people.save({ clinic: "a", id: 1, name: { given: "Eva" } })],
    [
      "an upsert",
      () => people.upsert({ clinic: "a", id: 1, name: { given: "Eva" } }, ["clinic", "id"]),
    ],
    [
      "an INSERT that overwrites it",
      () =>
        people
          .createQueryBuilder()
          .insert()
          .values({ clinic: "a", id: 1, name: { given: "Eva", family: "Moss" } })
          .orUpdate(["nameGiven"], ["clinic", "id"])
          .execute(),
    ],
  ])("is NULL until it is complete, after %s", async (_by, write) => {
    let seen: unknown
    logger.at = /^SELECT .*"written"/
    logger.todo = () => (seen = row()?.name_full)

    await write()

    expect(seen).toBeNull()
    expect(row()?.name_full).toBe(full("Eva", "King"))
  })

  test("is left to whoever changes the row meanwhile", async () => {
    const token = keyring.encrypt("Moss")
    logger.at = /^UPDATE .*"name_full" = /
    logger.todo = () => {
      now(`UPDATE person SET nameFamily = '${token}', name_full = 'theirs' RETURNING id`)
    }

    await people.upsert({ clinic: "a", id: 1, name: { given: "Eva" } }, ["clinic", "id"])

    expect(row()).toMatchObject({ nameFamily: token, name_full: "theirs" })
  })

  test("is asked for by no further statement where nothing of it is left", async () => {
    await people.save({ clinic: "a", id: 1, visits: 1 })
    await people.update({ id: 1 }, { name: { given: null } })
    await people.save({ clinic: "a", id: 1, name: { given: "Ada", family: "King" } })

    expect(logger.statements.filter((sql) => sql.includes("written"))).toEqual([])
    expect(row()?.name_full).toBe(full("Ada", "King"))
  })

  test("is not completed by what cannot be read, of which the write says so", async () => {
    now("UPDATE person SET nameFamily = 'gAAAAAdamaged' RETURNING id")

    const error = await rejection(people.save({ clinic: "a", id: 1, name: { given: "Eva" } }))

    expect(error).toMatchObject({ code: "ERR_DECRYPTION_FAILED", property: "Person.name.family" })
    expect(row()?.name_full).toBe(full("Ada", "King"))
  })

  test("is not emptied where an application has a placeholder for what cannot be read", async () => {
    await people.insert({ clinic: "b", id: 2, name: { given: "Eve", family: "Moss" } })
    await source.query("UPDATE person SET nameFamily = 'gAAAAAdamaged' WHERE id = 1")
    const lenient = withEncryption(memorySource([Person]), { keyring, onUnreadable: () => null })
    const copies = (await lenient.initialize()).getRepository(Person)
    for (const one of await source.query<object[]>("SELECT * FROM person")) {
      await lenient.query(
        `INSERT INTO person (${Object.keys(one).join(", ")}) VALUES (?, ?, ?, ?, ?, ?)`,
        Object.values(one),
      )
    }
    const ada = (await copies.find({ order: { id: "ASC" } }))[0] ?? new Person()
    ada.name.given = "Eva"

    const error = await rejection(copies.save(ada))

    expect(error).toMatchObject({ code: "ERR_DECRYPTION_FAILED" })
    const [kept] = await lenient.query<object[]>("SELECT name_full FROM person WHERE id = 1")
    expect(kept).toEqual({ name_full: full("Ada", "King") })
  })
})
