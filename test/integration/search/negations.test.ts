import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals"
import {
  Brackets,
  Column,
  type DataSource,
  Entity,
  Equal,
  In,
  IsNull,
  Not,
  NotBrackets,
  PrimaryColumn,
  type Repository,
  type SelectQueryBuilder,
  type WhereExpressionBuilder,
} from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"

interface Row {
  id: number
  given?: string | null
  family?: string | null
  email?: string | null
}

@Entity()
class Plain implements Row {
  @PrimaryColumn() id!: number
  @Column({ type: "text", nullable: true }) given?: string | null
  @Column({ type: "text", nullable: true }) family?: string | null
  @Column({ type: "text", nullable: true }) email?: string | null
}

/** The same, encrypted: each part of the name has an index of its own, and both have one. */
@Entity()
class Encrypted implements Row {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: [{ with: ["family"] }, true] }) given?:
    string | null
  @EncryptedColumn({ nullable: true, blindIndex: true }) family?: string | null
  @EncryptedColumn({ nullable: true, blindIndex: true }) email?: string | null
}

/** Of whose names only one index tells. */
@Entity()
class Joint implements Row {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: { with: ["family"] } }) given?: string | null
  @EncryptedColumn({ nullable: true }) family?: string | null
}

const values = [null, "a", "b"]
const rows: readonly Row[] = values.flatMap((given, i) =>
  values.flatMap((family, j) =>
    values.map((email, k) => ({ id: 9 * i + 3 * j + k, given, family, email })),
  ),
)

const conditions: readonly (readonly [string, (builder: WhereExpressionBuilder) => unknown])[] = [
  ["a value", (b) => b.where({ email: "a" })],
  ["a list", (b) => b.where({ email: In(["a", "c"]) })],
  ["a negation", (b) => b.where({ email: Not("a") })],
  ["an absence", (b) => b.where({ email: IsNull() })],
  ["two properties of one index", (b) => b.where({ given: "a", family: "b" })],
  ["lists for two", (b) => b.where({ given: In(["a", "c"]), family: In(["b", "a"]) })],
  ["a list for one of two", (b) => b.where({ given: In(["a", "b"]), family: "b" })],
  ["an empty list for one of two", (b) => b.where({ given: In([]), family: "b" })],
  ["three properties", (b) => b.where({ given: "a", family: "b", email: "a" })],
  ["alternatives", (b) => b.where([{ given: "a", family: "b" }, { email: "b" }])],
  ["orWhere", (b) => b.where({ given: "a", family: "a" }).orWhere({ email: "b" })],
  [
    "Brackets",
    (b) => b.where(new Brackets((in_) => in_.where({ given: "b", family: "b" }))).orWhere("1 = 0"),
  ],
  [
    "NotBrackets",
    (b) => b.where(new NotBrackets((in_) => in_.where({ given: "b", family: Equal("a") }))),
  ],
]

eachDatabase("NotBrackets", (db) => {
  let source: DataSource

  const pairs = (): readonly Repository<Row>[] => [
    source.getRepository(Plain),
    source.getRepository(Encrypted),
  ]

  const idsOf = async (builder: SelectQueryBuilder<Row>): Promise<number[]> =>
    (await builder.orderBy("x.id").getMany()).map(({ id }) => id)

  describe.each(["reject", "allow"] as const)("with plaintext: %s", (plaintext) => {
    beforeAll(async () => {
      source = await db.connect(
        { entities: [Plain, Encrypted, Joint], synchronize: true, dropSchema: true },
        (unbound) => withEncryption(unbound, { keyring, plaintext }),
      )
    })

    beforeEach(async () => {
      for (const repository of pairs()) {
        await repository.clear()
        await repository.insert(rows.map((row) => ({ ...row })))
      }
      if (plaintext === "allow") await makeLegacy()
    })

    /** Every second row is put back to plaintext, as before encryption. */
    async function makeLegacy(): Promise<void> {
      for (const { id, given = null, family = null, email = null } of rows) {
        if (id % 2 === 1) continue
        const literal = (text: string | null): string => (text === null ? "NULL" : `'${text}'`)
        const indexes = ["given_family_bidx", "given_bidx", "family_bidx", "email_bidx"]
        await db.rawRows(
          `UPDATE encrypted SET given = ${literal(given)}, family = ${literal(family)}, ` +
            `email = ${literal(email)}, ${indexes.map((name) => `${name} = NULL`).join(", ")} ` +
            `WHERE id = ${id}`,
        )
      }
    }

    test.each(conditions)("finds what plain columns find, around %s", async (_what, condition) => {
      const around = [
        (b: SelectQueryBuilder<Row>) => b.where(new NotBrackets((in_) => void condition(in_))),
        (b: SelectQueryBuilder<Row>) => b.where(new Brackets((in_) => void condition(in_))),
      ]
      for (const where of around) {
        const [plain, encrypted] = await Promise.all(
          pairs().map((repository) => idsOf(where(repository.createQueryBuilder("x")))),
        )
        expect(encrypted).toEqual(plain)
      }
    })

    test.each(conditions)(
      "deletes what plain columns delete, around %s",
      async (_what, condition) => {
        const left = await Promise.all(
          pairs().map(async (repository) => {
            const not = new NotBrackets((in_) => void condition(in_))
            await repository.createQueryBuilder().delete().where(not).execute()
            return idsOf(repository.createQueryBuilder("x"))
          }),
        )

        expect(left[1]).toEqual(left[0])
      },
    )
  })

  test("refuses what a joint index alone does not tell", async () => {
    source = await db.connect({ entities: [Joint], synchronize: true }, (unbound) =>
      withEncryption(unbound, { keyring }),
    )
    const builder = source.getRepository(Joint).createQueryBuilder()
    const not = new NotBrackets((in_) => in_.where({ given: "a", family: "b" }))

    expect(() => builder.delete().where(not)).toThrow(
      expect.objectContaining({ code: "ERR_UNSUPPORTED_QUERY", property: "Joint.given" }),
    )
    expect(() => builder.delete().where(not)).toThrow(/NotBrackets asks/)
  })
})
