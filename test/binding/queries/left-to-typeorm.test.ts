import { beforeAll, describe, expect, test } from "@jest/globals"
import { type DataSource, Entity, EntityManager, In, Not, PrimaryColumn } from "typeorm"
import { BetterSqlite3QueryRunner } from "typeorm/driver/better-sqlite3/BetterSqlite3QueryRunner"

import { EncryptedColumn } from "../../../src"
import { compileConditions } from "../../../src/binding/queries/conditions"
import { digestOf } from "../../search/digest-of"
import { boundSource } from "../memory-source"

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, blindIndex: true }) email?: string | null
}

let source: DataSource

beforeAll(async () => {
  source = await boundSource([Person])
})

describe("a search for what one full index tells", () => {
  const index = (email: string): string => digestOf("person/email/email_bidx", email)

  test.each([
    ["a value", "a", index("a")],
    ["a negation", Not("a"), Not(index("a"))],
    ["a list", In(["a", "b"]), In([index("a"), index("b")])],
  ])("is TypeORM's own condition on the companion: %s", (_what, email, sought) => {
    const position = { inFindOptions: true, negated: false }

    const { where } = compileConditions(source.getMetadata(Person), { id: 1, email }, position)

    expect(where).toEqual({ id: 1, email_bidx: sought })
  })
})

test("managers and query runners keep the prototype that TypeORM gave them", async () => {
  const runner = source.createQueryRunner()

  expect(Object.getPrototypeOf(source.manager)).toBe(EntityManager.prototype)
  expect(Object.getPrototypeOf(runner.manager)).toBe(EntityManager.prototype)
  expect(Object.getPrototypeOf(runner)).toBe(BetterSqlite3QueryRunner.prototype)
  await runner.release()
})
