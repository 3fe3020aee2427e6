import { beforeAll, describe, expect, test } from "@jest/globals"
import { Column, type DataSource, Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn, Keyring, searchFor } from "../../../src"
import { digestOf } from "../../search/digest-of"
import { keyring, keys } from "../../support/keys"
import { boundSource } from "../memory-source"

class Contact {
  @EncryptedColumn({ nullable: true, blindIndex: true }) phone?: string | null
}

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @EncryptedColumn({
    nullable: true,
    blindIndex: [
      { normalize: "lowercase" },
      { name: "exact_email" },
      { name: "names", with: ["name"] },
    ],
  })
  email?: string | null
  @EncryptedColumn({ nullable: true }) name?: string | null
  @EncryptedColumn({ nullable: true, blindIndex: true, codec: "number" }) height?: number | null
  @Column(() => Contact) contact!: Contact
}

let source: DataSource

beforeAll(async () => {
  source = await boundSource([Person])
})

describe("searchFor", () => {
  test("returns what the companion may hold, of the first index or of the one that is named", () => {
    const digest = digestOf("person/email/email_bidx", "ada")
    const exact = digestOf("person/email/exact_email", "ADA")

    expect(searchFor(source, Person, "email", "ADA")).toEqual([digest])
    expect(searchFor(source, Person, { email: "ada" })).toEqual([digest])
    expect(searchFor(source, Person, "email", "ADA", { index: "email_bidx" })).toEqual([digest])
    expect(searchFor(source, Person, "email", "ADA", { index: "exact_email" })).toEqual([exact])
  })

  test("returns an index value under each key, the first key's first", async () => {
    const ring = new Keyring([keys.second, keys.first])
    const rotating = await boundSource([Person], { keyring: ring })

    expect(searchFor(rotating, Person, "contact.phone", "1")).toEqual(
      [keys.second, keys.first].map((key) =>
        digestOf("person/contactPhone/contactPhone_bidx", "1", { key }),
      ),
    )
  })

  test("takes a value for each of several properties, in any order", () => {
    const digest = digestOf("person/email,name/names", ["ada@x", "Ada"])

    expect(searchFor(source, Person, { name: "Ada", email: "ada@x" })).toEqual([digest])
  })

  test("refuses what has no index", () => {
    expect(() => searchFor(source, Person, "name", "x")).toThrow(
      "no blind index over name. Declare",
    )
    expect(() => searchFor(source, Person, { name: "x", height: 1 })).toThrow(
      "Person: there is no blind index over name and height. Declare it with",
    )
    expect(() => searchFor(source, Person, "email", "x", { index: "y" })).toThrow(
      "named y. Declare",
    )
    expect(() => searchFor(source, Person, {})).toThrow("no blind index over")
  })

  test.each([null, undefined])("refuses %p", (value) => {
    const message = "null and undefined are not values to search for. Use IS NULL."

    expect(() => searchFor(source, Person, "email", value)).toThrow(`Person.email: ${message}`)
    expect(() => searchFor(source, Person, { email: "x", name: value })).toThrow(
      `Person.name: ${message}`,
    )
  })

  test("refuses a value of another type, and a token", () => {
    expect(() => searchFor(source, Person, "height", "x")).toThrow("Person.height: expected")
    expect(() => searchFor(source, Person, { email: "x", name: keyring.encrypt("x") })).toThrow(
      "Person.name: the value sought is a token",
    )
  })
})
