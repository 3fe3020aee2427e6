import { beforeEach, expect, test } from "@jest/globals"
import { Entity, In, Not, PrimaryColumn, type Repository } from "typeorm"

import { EncryptedColumn, Keyring, withEncryption } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keys } from "../../support/keys"

@Entity()
class Person {
  @PrimaryColumn({ type: "int" }) id!: number
  @EncryptedColumn({ nullable: true, blindIndex: true }) email!: string | null
}

/** Under two keys, more than PostgreSQL and SQLite take parameters. */
const sought = Array.from({ length: 33_000 }, (_, i) => `${i}@x`)

eachDatabase("a list of many values, of a table that is partly in plaintext", (db) => {
  let people: Repository<Person>

  beforeEach(async () => {
    const source = await db.connect({ entities: [Person], synchronize: true }, (unbound) =>
      withEncryption(unbound, {
        keyring: new Keyring([keys.second, keys.first]),
        plaintext: "allow",
      }),
    )
    people = source.getRepository(Person)
    await people.clear()
    await people.insert([
      { id: 1, email: "7@x" },
      { id: 2, email: "y" },
      { id: 3, email: null },
    ])
    await db.rawRows("INSERT INTO person (id, email) VALUES (4, '32999@x')")
    await db.rawRows("INSERT INTO person (id, email) VALUES (5, 'z')")
  })

  const ids = (rows: readonly Person[]): number[] => rows.map(({ id }) => id).sort()

  test("chooses the rows that are read and written", async () => {
    expect(ids(await people.findBy({ email: In(sought) }))).toEqual([1, 4])

    await people.delete({ email: Not(In(sought)) })

    expect(ids(await people.find())).toEqual([1, 3, 4])
  })

  test("is answered in a string", async () => {
    const builder = people.createQueryBuilder("person")

    builder.where("person.email NOT IN (:...sought)", { sought })

    expect(ids(await builder.getMany())).toEqual([2, 5])
  })

  test("is not shown by the error of a statement that fails", async () => {
    const query = people.createQueryBuilder("person").where({ email: In(sought) })

    // Out of range as it is run, so that no driver refuses it while it prepares the statement.
    const failing = query.andWhere("abs(-9223372036854775807 - person.id) = 1").getMany()
    const error: unknown = await failing.catch((reason: unknown) => reason)

    expect(error).toMatchObject({ name: "QueryFailedError" })
    const shown = JSON.stringify([error, (error as { driverError: unknown }).driverError])
    expect([shown.includes("7@x"), shown.includes("(encrypted)")]).toEqual([false, true])
  })
})
