import { inspect } from "node:util"

import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals"
import { Column, type DataSource, Entity, PrimaryColumn, type Repository } from "typeorm"

import { DecryptionError, EncryptedColumn, Keyring, withEncryption } from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring, keys } from "../support/keys"

class Contact {
  @EncryptedColumn({ nullable: true }) phone?: string | null
}

@Entity()
class Person {
  @PrimaryColumn() ward!: number
  @PrimaryColumn({ type: "varchar", length: 10 }) code!: string
  @EncryptedColumn({ nullable: true, blindIndex: true }) ssn?: string | null
  @Column({ type: "int", default: 0 }) visits!: number
  @Column(() => Contact) contact!: Contact
}

const foreign = new Keyring([keys.second]).encrypt("078-05-1120")

eachDatabase("one bad row", (db) => {
  let throwing: Repository<Person>
  let people: Repository<Person>
  let placeholder: null | undefined
  const asked: DecryptionError[] = []

  beforeAll(async () => {
    const bind = (options: object) =>
      db.connect({ entities: [Person], synchronize: true }, (source: DataSource) =>
        withEncryption(source, { keyring, ...options }),
      )
    throwing = (await bind({})).getRepository(Person)
    const onUnreadable = (error: DecryptionError) => {
      asked.push(error)
      return placeholder
    }
    people = (await bind({ onUnreadable })).getRepository(Person)
  })

  beforeEach(async () => {
    asked.length = 0
    placeholder = undefined
    await people.clear()
    await people.insert(
      ["a", "b", "c"].map((code) => ({
        ward: 3,
        code,
        ssn: `ssn ${code}`,
        contact: { phone: `phone ${code}` },
      })),
    )
    await db.rawRows(`UPDATE person SET ssn = '${foreign}' WHERE code = 'b'`)
  })

  const cell = async (code: string, column = "ssn") => {
    const found = (await db.rawRows("SELECT * FROM person")).find((row) => row.code === code)
    return found?.[column]
  }

  test("is named by its primary key, and told from a wrong key", async () => {
    const list: unknown = await throwing.find().catch((error: unknown) => error)
    const alone: unknown = await throwing.findOneBy({ code: "b" }).catch((error: unknown) => error)

    expect(list).toMatchObject({
      property: "Person.ssn",
      reason: "unknown-key",
      primaryKey: { ward: 3, code: "b" },
      othersOpen: true,
      message: expect.stringMatching(
        /^Person\.ssn of the row with ward 3 and code b cannot be decrypted: .* Other cells of the column open/,
      ),
    })
    expect(alone).toMatchObject({
      othersOpen: false,
      message: expect.stringContaining("are these the keys of this environment?"),
    })
    expect(inspect([list, alone], { showHidden: true })).not.toContain(foreign)
  })

  test("does not take its list down", async () => {
    const found = await people.find({ order: { code: "ASC" } })

    expect(found.map(({ ssn }) => ssn)).toEqual(["ssn a", undefined, "ssn c"])
    expect(asked).toEqual([expect.any(DecryptionError)])
    expect(asked[0]).toMatchObject({ primaryKey: { ward: 3, code: "b" } })
    expect(inspect(asked, { showHidden: true })).not.toContain(foreign)
  })

  test("is an error where no cell of the column opens, and where the application says so", async () => {
    await db.rawRows(`UPDATE person SET ssn = '${foreign.slice(0, -4)}AAA='`)
    await expect(people.find()).rejects.toMatchObject({ othersOpen: false })
    expect(asked).toEqual([])

    await db.rawRows(`UPDATE person SET ssn = '${keyring.encrypt("x")}' WHERE code <> 'b'`)
    placeholder = "" as never
    await expect(people.find()).rejects.toMatchObject({ code: "ERR_DECRYPTION_FAILED" })
  })

  test("is not one of many where a column takes none of the cells, which were never moved", async () => {
    await db.rawRows(`UPDATE person SET ssn = '${keyring.encrypt("x")}'`)
    const onlyOwn = await db.connect({ entities: [Person] }, (source: DataSource) =>
      withEncryption(source, { keyring, columnKeys: "only", onUnreadable: () => undefined }),
    )
    await db.rawRows(`UPDATE person SET ssn = '${keyring.encrypt("y")}' WHERE code = 'b'`)

    const find = onlyOwn
      .getRepository(Person)
      .find({ select: { ward: true, code: true, ssn: true } })

    await expect(find).rejects.toMatchObject({ reason: "unknown-key", othersOpen: false })
  })

  describe.each([null, undefined])("that becomes %s", (given) => {
    const load = async (): Promise<Person> => {
      placeholder = given
      const found = await people.find()
      const bob = found.find(({ code }) => code === "b")
      if (bob) return bob
      throw new Error("b is not found")
    }

    test("keeps its cell, whatever writes the entity", async () => {
      const bob = await load()
      const digest = await cell("b", "ssn_bidx")
      expect(bob.ssn).toBe(given)

      bob.visits = 1
      await people.save(bob)
      bob.visits = 2
      await people.update({ code: "b" }, bob)
      bob.visits = 3
      await people.upsert(bob, ["ward", "code"])

      expect([await cell("b"), await cell("b", "ssn_bidx")]).toEqual([foreign, digest])
      expect(Number(await cell("b", "visits"))).toBe(3)
      expect(bob.ssn).toBe(given)
    })

    test("leaves every token of its list as it was when all of it is saved with a change", async () => {
      const tokens = async () =>
        (await db.rawRows("SELECT * FROM person ORDER BY code")).map(({ visits, ...row }) => ({
          ...row,
          isVisited: Number(visits) > 0,
        }))
      const before = await tokens()
      placeholder = given
      const found = await people.find()
      for (const person of found) person.visits++

      await people.save(found)

      expect(await tokens()).toEqual(before.map((row) => ({ ...row, isVisited: true })))
    })

    test("takes a new value", async () => {
      const bob = await load()
      bob.ssn = "new"
      await people.save(bob)

      expect(await people.findOneBy({ ssn: "new" })).toMatchObject({ code: "b", ssn: "new" })
    })

    test("is not overwritten along with others", async () => {
      const bob = await load()
      const eve = { ward: 3, code: "e", ssn: "ssn e", contact: {} }
      const upsert = people.upsert([eve, bob], ["ward", "code"])

      await expect(upsert).rejects.toMatchObject({ code: "ERR_UNSUPPORTED_QUERY" })
      expect(await cell("b")).toBe(foreign)
    })

    test("keeps its cell in an embedded entity", async () => {
      await db.rawRows(
        `UPDATE person SET contactPhone = '${foreign}' WHERE code = 'b'`.replace(
          "contactPhone",
          db.escape("contactPhone"),
        ),
      )
      const bob = await load()
      bob.visits = 1
      await people.save(bob)
      const update = people.update({ code: "b" }, bob)

      await expect(update).rejects.toMatchObject({ code: "ERR_UNSUPPORTED_QUERY" })
      expect(await cell("b", "contactPhone")).toBe(foreign)
      expect(Number(await cell("b", "visits"))).toBe(1)
    })
  })
})
