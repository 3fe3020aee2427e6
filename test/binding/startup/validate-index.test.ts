import { describe, expect, test } from "@jest/globals"
import { Column, Entity, type EntitySchemaColumnOptions, PrimaryColumn, ViewEntity } from "typeorm"

import { type Codec, EncryptedColumn, encryptedColumn } from "../../../src"
import { boundSource, problemsOf } from "../memory-source"
import { schema } from "../schema"

/** An encrypted column with a blind index that the types may not let it have. */
const indexed = (blindIndex: unknown, more: object = {}): EntitySchemaColumnOptions =>
  encryptedColumn({ ...more, blindIndex: blindIndex as never })

const codec: Codec = { encode: String, decode: String }

const others: Record<string, EntitySchemaColumnOptions> = {
  plain: { type: "varchar", nullable: true },
  family: encryptedColumn(),
  frozen: encryptedColumn({ update: false }),
}

describe("a blind index", () => {
  test.each<[misuse: string, column: EntitySchemaColumnOptions, problem: string]>([
    ["yes", indexed("yes"), "has a blindIndex that is neither true, nor options, nor a list"],
    ["null", indexed(null), "has a blindIndex that is neither true, nor options, nor a list"],
    ["a list in a list", indexed([[]]), "has a blindIndex that is neither true"],
    ["with 0 bits", indexed({ bits: 0 }), "has bits that are not a whole number from 1 to 256"],
    ["with 257 bits", indexed({ bits: 257 }), "has bits that are not a whole number"],
    [
      "with a misspelt option",
      indexed({ normalise: "trim" }),
      "has a blind index with an unknown option normalise (did you mean normalize?)",
    ],
    ["with bits as text", indexed({ bits: "8" }), "has bits that are not a whole number"],
    ["without context", indexed({ context: "" }), "has a context that is not a well-formed string"],
    ["with an unknown normalizer", indexed({ normalize: "upper" }), "has an unknown normalizer"],
    ["with a method", indexed({ normalize: "toString" }), "has an unknown normalizer"],
    ["with half a list", indexed({ normalize: ["trim", 1] }), "has an unknown normalizer"],
    ["unique as text", indexed({ unique: "yes" }), "whose unique is neither true nor false"],
    ["unique by a list", indexed({ unique: ["plain"] }), "whose unique is neither true nor false"],
    ["unique by nothing", indexed({ unique: {} }), "nor { within, whereNull } with lists"],
    ["unique within no list", indexed({ unique: { within: "plain" } }), "with lists of properties"],
    [
      "unique within an empty list",
      indexed({ unique: { within: [] } }),
      "with lists of properties",
    ],
    [
      "unique with a misspelt option",
      indexed({ unique: { within: ["plain"], wherenull: ["plain"] } }),
      "whose unique has an unknown option wherenull (did you mean whereNull?)",
    ],
    [
      "unique within a stranger",
      indexed({ unique: { within: ["tenant"] } }),
      "is unique by tenant, which is no property of the class",
    ],
    [
      "unique within an encrypted property",
      indexed({ unique: { within: ["family"] } }),
      "is unique within family, which is encrypted; use with",
    ],
    [
      "unique by one property twice",
      indexed({ unique: { within: ["plain"], whereNull: ["plain"] } }),
      "whose unique names a property twice",
    ],
    [
      "unique in a scope with bits",
      indexed({ unique: { within: ["plain"] }, bits: 32 }),
      "cannot be unique: with fewer than 128 bits",
    ],
    [
      "unique with bits",
      indexed({ unique: true, bits: 32 }),
      "cannot be unique: with fewer than 128 bits",
    ],
    ["without a name", indexed({ name: "" }), "whose name is not the name of a column"],
    ["named by a number", indexed({ name: 5 }), "whose name is not the name of a column"],
    ["of two lines", indexed({ name: "a\nprocess.exit()" }), "a line break, a quote or another"],
    ["of a quote", indexed({ name: 'a"' }), "a line break, a quote or another"],
    ["of code", indexed({ name: "${process.exit()}" }), "a line break, a quote or another"],
    ["of a long name", indexed({ name: "n".repeat(64) }), "and a name holds 63 bytes"],
    ["named as a column", indexed({ name: "PLAIN" }), "the entity has one of that name"],
    ["named as itself", indexed({ name: "email" }), "needs the column email for its blind index"],
    ["twice", indexed([true, true]), "of the same name as another, email_bidx"],
    ["with no list", indexed({ with: "family" }), "whose with is not a list of properties"],
    ["with nothing", indexed({ with: [] }), "whose with is not a list of properties"],
    [
      "with a stranger",
      indexed({ with: ["ward"] }),
      "with ward, which is no property of the class",
    ],
    ["with itself", indexed({ with: ["email"] }), "covers a property twice"],
    ["with a plain column", indexed({ with: ["plain"] }), "with plain, which is not encrypted"],
    [
      "with a column that is not updated",
      indexed({ with: ["frozen"] }),
      "over properties of which only some can be inserted or updated",
    ],
    ["of JSON", indexed(true, { codec: "json" }), "may write equal values in different ways"],
    ["of a codec of one's own", indexed(true, { codec }), "or one of your own with canonical()"],
    [
      "of numbers that are normalized",
      indexed({ normalize: "trim" }, { codec: "number" }),
      'has a blind index with normalize, which only the codec "string" takes',
    ],
  ])("cannot be %s", async (_misuse, email, problem) => {
    const [only, ...more] = await problemsOf(schema("Patient", { ...others, email }))

    expect(only).toMatch(/^Patient\.email /)
    expect(only).toContain(problem)
    expect(more).toEqual([])
  })

  test("is told from another by more than signs that no property has", async () => {
    const email = indexed([{ name: "a b" }, { name: "a_b" }])

    expect(await problemsOf(schema("Patient", { email }))).toEqual([
      expect.stringContaining("of the same name as another, a b"),
      expect.stringContaining("of the same name as another, a_b"),
    ])
  })

  test("is complained of along with everything else", async () => {
    const problems = await problemsOf(
      schema("Patient", {
        email: indexed({ bits: 0, unique: 1, name: "", with: ["ward"] }),
        phone: indexed([true, { normalize: "?" }, { name: "PHONE" }], { ttl: 0 }),
      }),
      schema("Visit", { notes: indexed(true, { codec: "json" }) }),
    )

    expect(problems.map((problem) => problem.split(" ")[0])).toEqual(
      expect.arrayContaining(["Patient.email", "Patient.phone", "Visit.notes"]),
    )
    expect(problems.length).toBeGreaterThanOrEqual(7)
  })

  test("of an embedded entity has its given name behind the prefix", async () => {
    expect(await problemsOf(Traveller)).toEqual([
      expect.stringMatching(/^Traveller\.note .*of the same name as another, home_city_index/),
      expect.stringMatching(
        /^Traveller\.home\.city .*of the same name as another, home_city_index/,
      ),
    ])
  })

  test("in a view needs the name and the context that it has in the table", async () => {
    expect(await problemsOf(Person, PersonView)).toEqual([
      expect.stringMatching(/^PersonView\.email has a blind index in a view; give it the name/),
    ])
  })

  test("in a view that has both finds the rows of the table", async () => {
    const source = await boundSource([Person, SearchableView])
    await source.manager.insert(Person, { id: 1, email: "ada@x" })

    expect(await source.manager.findBy(SearchableView, { email: "ada@x" })).toMatchObject([
      { id: 1, email: "ada@x" },
    ])
    expect(await source.manager.countBy(SearchableView, { email: "bob@x" })).toBe(0)
  })

  test.each<[use: string, column: EntitySchemaColumnOptions]>([
    ["of an embedded name", indexed({ name: "e-mail index" })],
    ["off", indexed(false)],
    ["none", indexed([])],
    ["of a codec with canonical()", indexed(true, { codec: { ...codec, canonical: String } })],
    ["of 63 bytes of name", indexed({ name: "n".repeat(63) })],
    ["unique with all bits", indexed({ unique: true, bits: 256 })],
    ["unique with as many bits as by default", indexed({ unique: true, bits: 128 })],
    ["over two", indexed([true, { with: ["family"], normalize: ["nfkc", String] }])],
    ["that is not updated", indexed(true, { update: false })],
  ])("can be %s", async (_use, email) => {
    expect((await boundSource([schema("Patient", { ...others, email })])).isInitialized).toBe(true)
  })
})

class Address {
  @EncryptedColumn({ blindIndex: { name: "city_index" } }) city!: string
}

@Entity()
class Traveller {
  @PrimaryColumn() id!: number
  @Column(() => Address) home!: Address
  @Column(() => Address) work!: Address
  @EncryptedColumn({ blindIndex: { name: "home_city_index" } }) note!: string
}

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: true }) email!: string
}

@ViewEntity({ expression: "SELECT id, email FROM person" })
class PersonView {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: true }) email!: string
}

@ViewEntity({ expression: "SELECT id, email, email_bidx FROM person" })
class SearchableView {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: { name: "email_bidx", context: "person/email/email_bidx" } })
  email!: string
}
