import { describe, expect, test } from "@jest/globals"
import {
  Check,
  Column,
  Entity,
  type EntitySchema,
  type EntitySchemaColumnOptions,
  type EntitySchemaOptions,
  Index,
  PrimaryColumn,
  Unique,
} from "typeorm"

import { EncryptedColumn, encryptedColumn, withEncryption } from "../../../src"
import { keyring } from "../../support/keys"
import { memorySource, problemsOf, rejection } from "../memory-source"
import { schema } from "../schema"

const patient = (
  columns: Record<string, EntitySchemaColumnOptions>,
  more: Partial<EntitySchemaOptions<object>> = {},
): EntitySchema => schema("Patient", columns, more)

/** An encrypted column that says more than the types let it say. */
const encrypted = (more: object): EntitySchemaColumnOptions => ({ ...encryptedColumn(), ...more })

describe("an encrypted column", () => {
  test.each<[misuse: string, column: EntitySchemaColumnOptions, problem: string]>([
    ["generated", encrypted({ generated: "uuid" }), "cannot be generated"],
    ["given a default", encrypted({ default: "none" }), "cannot have a default: the database"],
    ["given the default null", encrypted({ default: null }), "cannot have a default: the database"],
    ["updated by the database", encrypted({ onUpdate: "now()" }), "cannot have onUpdate"],
    ["computed", encrypted({ asExpression: "1" }), "cannot be computed by the database"],
    ["an array", encrypted({ array: true }), 'cannot be an array; use the codec "json"'],
    ["an enum", encrypted({ enum: ["a"] }), "cannot be an enum of the database"],
    ["read by no reader", encryptedColumn({ legacy: 5 as never }), "has a legacy option that is"],
    ["read by none", encryptedColumn({ legacy: [] as never }), "has a legacy option that is"],
    [
      "read without decode()",
      encryptedColumn({ legacy: {} as never }),
      "has a legacy option that is",
    ],
    ["read by null", encryptedColumn({ legacy: [null] as never }), "has a legacy option that is"],
    [
      "written for releases that no reader writes for",
      encryptedColumn({ plaintext: "keep", legacy: { decode: (cell) => cell } }),
      'has no legacy reader with encode(), and under plaintext: "keep"',
    ],
    ["a version", encrypted({ version: true }), "cannot be a version, date"],
    ["a creation date", encrypted({ createDate: true }), "cannot be a version, date"],
    ["an update date", encrypted({ updateDate: true }), "cannot be a version, date"],
    ["a deletion date", encrypted({ deleteDate: true }), "cannot be a version, date"],
    ["unique", encrypted({ unique: true }), "cannot be unique: equal values have different tokens"],
    ["a number column", encrypted({ type: "integer" }), "has the type integer"],
    ["a blob", encrypted({ type: "blob" }), "has the type blob, which does not hold"],
    ["a char column", encrypted({ type: "character", length: 200 }), "has the type character"],
    ["text with a length", encrypted({ length: 200 }), "has a length, which text does not take"],
    [
      "too short",
      encrypted({ type: "varchar", length: 99 }),
      "has the length 99, and the shortest",
    ],
    ["in bytes", encrypted({ charset: "binary" }), "has the character set binary"],
    ["of no length", encrypted({ type: "varchar", length: "max" }), "has the length max"],
    ["of an unknown codec", encryptedColumn({ codec: "xml" as never }), "has an unknown codec"],
    ["of a codec like a method", encryptedColumn({ codec: "toString" as never }), "has an unknown"],
    [
      "with a misspelt option",
      encryptedColumn({ plaintxt: "allow" } as never),
      "has an unknown option plaintxt (did you mean plaintext?)",
    ],
    [
      "with a transformer of its own",
      encryptedColumn({ transformer: { to: String, from: String } } as never),
      "has an unknown option transformer (there are codec, paths, ttl, plaintext",
    ],
    ["of half a codec", encryptedColumn({ codec: { encode: String } as never }), "has an unknown"],
    ["with the ttl 0", encryptedColumn({ ttl: 0 }), "has a ttl that is not a whole number"],
    ["with a ttl of 1.5 s", encryptedColumn({ ttl: 1.5 }), "has a ttl that is not a whole number"],
    ["with a ttl as text", encryptedColumn({ ttl: "60" as never }), "has a ttl that is not"],
    ["with the ttl NaN", encryptedColumn({ ttl: Number.NaN }), "has a ttl that is not"],
    [
      "with plaintext yes",
      encryptedColumn({ plaintext: "yes" as never }),
      'has a plaintext option that is none of "keep", "index", "allow" or "reject"',
    ],
    [
      "with more transformers",
      { ...encryptedColumn(), transformer: [encryptedColumn().transformer] },
      "combines encryption with other transformers; use a codec of your own",
    ],
  ])("is refused if it is %s", async (_misuse, ssn, problem) => {
    const problems = await problemsOf(patient({ ssn }))

    expect(problems.some((one) => one.startsWith(`Patient.ssn ${problem}`))).toBe(true)
    expect(problems.every((one) => /^Patient\.ssn .*\.$/.test(one))).toBe(true)
  })

  test("is refused as primary key", async () => {
    const Key = schema("Key", { id: encrypted({ primary: true }) })

    expect(await problemsOf(Key)).toEqual(["Key.id cannot be a primary key."])
  })

  test("is refused in a unique constraint or index, or an index", async () => {
    @Entity()
    @Unique(["name", "ssn"])
    @Index(["name", "phone"], { unique: true })
    class Person {
      @PrimaryColumn() id!: number
      @Column() name!: string
      @EncryptedColumn() ssn!: string
      @EncryptedColumn() phone!: string
      @Index() @EncryptedColumn() email!: string
    }

    expect(await problemsOf(Person)).toEqual([
      "Person.ssn cannot be unique: equal values have different tokens; use blindIndex: { unique: true }.",
      "Person.phone cannot be unique: equal values have different tokens; use blindIndex: { unique: true }.",
      "Person.email cannot be indexed: tokens have no order; use blindIndex.",
    ])
  })

  test("is refused in the entity's orderBy, embedded or not", async () => {
    class Contact {
      @EncryptedColumn() phone!: string
    }
    @Entity({ orderBy: { ssn: "ASC", contact: { phone: "DESC" } as never } })
    class Person {
      @PrimaryColumn() id!: number
      @EncryptedColumn() ssn!: string
      @Column(() => Contact) contact!: Contact
    }

    expect(await problemsOf(Person)).toEqual([
      "Person.ssn cannot be in the entity's orderBy: tokens have no order.",
      "Person.contact.phone cannot be in the entity's orderBy: tokens have no order.",
    ])
  })

  test("is refused inside an array of embedded entities", async () => {
    class Contact {
      @EncryptedColumn() phone!: string
    }
    @Entity()
    class Person {
      @PrimaryColumn() id!: number
      @Column(() => Contact, { array: true }) contacts!: Contact[]
    }

    expect(await problemsOf(Person)).toEqual([
      "Person.contacts.phone cannot be inside an array of embedded entities.",
    ])
  })
})

describe("a constraint on an encrypted column", () => {
  const refused = [
    "Patient.ssn cannot be part of a check or exclusion constraint: the database sees only tokens.",
  ]

  test.each([
    "ssn <> ''",
    'length("ssn") = 11',
    "`ssn` IS NOT NULL",
    "lower(ssn) = ssn",
    "SSN > ''",
  ])("is refused: %s", async (expression) => {
    const schema = patient({ ssn: encryptedColumn() })
    schema.options.checks = [{ expression }]

    expect(await problemsOf(schema)).toEqual(refused)
  })

  test("is refused by the column's name in the database", async () => {
    const Patient = patient(
      { ssn: encryptedColumn({ name: "social security" }) },
      { checks: [{ expression: `"social security" <> ''` }] },
    )

    expect(await problemsOf(Patient)).toEqual(refused)
  })

  test("is refused in a decorator", async () => {
    @Entity()
    @Check("ssn <> ''")
    class Patient {
      @PrimaryColumn() id!: number
      @EncryptedColumn() ssn!: string
    }

    expect(await problemsOf(Patient)).toEqual(refused)
  })
})

describe("ColumnMisuseError", () => {
  test("lists every problem of every entity at once, each by its property", async () => {
    const error = await rejection(
      withEncryption(
        memorySource([
          patient({ ssn: encrypted({ unique: true, default: "none" }) }),
          schema("Visit", { diagnosis: encryptedColumn({ ttl: -1, codec: "yaml" as never }) }),
        ]),
        { keyring },
      ).initialize(),
    )

    expect(error.message.split("\n").map((line) => line.slice(0, 45))).toEqual([
      "Encrypted columns are misused in 4 places:",
      "- Patient.ssn cannot have a default: the data",
      "- Patient.ssn cannot be unique: equal values ",
      "- Visit.diagnosis has an unknown codec; use o",
      "- Visit.diagnosis has a ttl that is not a who",
    ])
  })

  test("leaves the DataSource closed and asks for no key", async () => {
    const source = withEncryption(memorySource([patient({ ssn: encrypted({ unique: true }) })]), {
      keyring: () => {
        throw new Error("asked for keys")
      },
    })

    await expect(source.initialize()).rejects.toMatchObject({ code: "ERR_COLUMN_MISUSE" })

    expect(source.isInitialized).toBe(false)
  })
})
