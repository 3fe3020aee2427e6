import { afterEach, describe, expect, test } from "@jest/globals"
import { Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn, KeyError, Keyring, withEncryption } from "../../../src"
import { digestOf } from "../../search/digest-of"
import { keyring, keys } from "../../support/keys"
import { memorySource, rejection } from "../memory-source"

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: true }) email!: string
}

const context = "person/email/email_bidx"

describe("the keys of blind indexes", () => {
  test("are asked for again at each initialize()", async () => {
    const rings = [keys.first, keys.second].map((key) => new Keyring([key]))
    const source = withEncryption(memorySource([Person]), {
      keyring,
      blindIndexKeyring: () => rings.shift() ?? "",
    })

    for (const key of [keys.first, keys.second]) {
      await source.initialize()
      await source.manager.insert(Person, { id: 1, email: "ada@x" })
      const [row] = await source.query<{ email_bidx: string }[]>("SELECT email_bidx FROM person")
      expect(row?.email_bidx).toBe(digestOf(context, "ada@x", { key }))
      expect(await source.manager.countBy(Person, { email: "ada@x" })).toBe(1)
      await source.destroy()
    }
  })

  test("are missed by the first write or search, and not before, if they may come late", async () => {
    const source = withEncryption(memorySource([Person]), {
      keyring,
      lazyKeys: true,
      blindIndexKeyring: () => {
        throw new Error("no secret store")
      },
    })
    const people = (await source.initialize()).getRepository(Person)
    const person = people.create({ id: 1, email: "ada@x" })

    for (const attempt of [
      people.save(person),
      people.insert(person),
      people.findBy({ email: "x" }),
    ]) {
      const error = await rejection(attempt)
      expect(error).toBeInstanceOf(KeyError)
      expect(error).toMatchObject({ code: "ERR_KEY_MISSING" })
      expect(error.message).toContain("no key")
    }
    expect(await people.find()).toEqual([])
  })

  describe("of the environment", () => {
    afterEach(() => {
      delete process.env.BLIND_INDEX_KEY
    })

    test("are looked for when the DataSource initializes, as those of the data are", async () => {
      const source = withEncryption(memorySource([Person]), { keyring })
      process.env.BLIND_INDEX_KEY = keys.second

      await source.initialize()

      await source.manager.insert(Person, { id: 1, email: "ada@x" })
      const [row] = await source.query<{ email_bidx: string }[]>("SELECT email_bidx FROM person")
      expect(row?.email_bidx).toBe(digestOf(context, "ada@x", { key: keys.second }))
    })

    test("are those of the data if it has none by then", async () => {
      process.env.BLIND_INDEX_KEY = keys.second
      const source = withEncryption(memorySource([Person]), { keyring })
      delete process.env.BLIND_INDEX_KEY

      await source.initialize()

      await source.manager.insert(Person, { id: 1, email: "ada@x" })
      const [row] = await source.query<{ email_bidx: string }[]>("SELECT email_bidx FROM person")
      expect(row?.email_bidx).toBe(digestOf(context, "ada@x"))
    })
  })

  test("keep initialize() from succeeding if they are missing", async () => {
    const source = withEncryption(memorySource([Person]), { keyring, blindIndexKeyring: () => "" })

    await expect(source.initialize()).rejects.toBeInstanceOf(KeyError)
  })
})
