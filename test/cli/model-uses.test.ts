import { expect, test } from "@jest/globals"
import {
  Check,
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryColumn,
  Unique,
  ViewEntity,
  VirtualColumn,
} from "typeorm"

import { findModelUses } from "../../src/cli/model-uses"
import { memorySource } from "../binding/memory-source"

@Entity({ orderBy: { email: "ASC" } })
@Unique("one_email", ["email"])
@Check("has_email", "email <> ''")
@Index("by_n", ["n"])
@Index("with_email", ["n"], { where: "email IS NOT NULL" })
class Account {
  @PrimaryColumn() id!: number
  @Column({ default: "none" }) email!: string
  @Column({ name: "e_n" }) n!: number
  @Column() emails!: string
  @Column({ asExpression: "substr(email, 1, 3)", generatedType: "STORED", select: false })
  start?: string
  @VirtualColumn({ query: (alias) => `SELECT length(${alias}.email)` }) length?: number
}

@Entity()
class Visit {
  @PrimaryColumn() id!: number
  @ManyToOne(() => Account)
  @JoinColumn({ name: "email", referencedColumnName: "email", foreignKeyConstraintName: "of_one" })
  account?: Account
}

@ViewEntity({ expression: "SELECT a.email FROM account a" })
class Address {
  @Column() email!: string
}

@ViewEntity({
  expression: (source) => source.createQueryBuilder().select("a.n", "n").from(Account, "a"),
})
class Count {
  @Column() n!: number
}

test("names what entities say of a column, and nothing that only sounds like it", async () => {
  const source = await memorySource([Account, Visit, Address, Count], {
    synchronize: false,
  }).initialize()
  const metadata = source.getMetadata(Account)
  const usesOf = (path: string) => {
    const column = metadata.findColumnWithPropertyPath(path)
    if (!column) throw new Error(`There is no ${path}.`)
    return findModelUses(source, metadata, column)
  }

  expect(usesOf("email")).toEqual([
    "a default of it",
    "the index with_email",
    "the unique constraint one_email",
    "the constraint has_email",
    "the foreign key of_one",
    "the order of Account",
    "Account.start, which is computed",
    "Account.length, which is computed",
    "the view Address",
  ])
  expect(usesOf("n")).toEqual(["the index with_email", "the index by_n", "the view Count"])
  expect(usesOf("id")).toEqual(["it as a part of the primary key"])
  expect(usesOf("emails")).toEqual([])
  await source.destroy()
})
