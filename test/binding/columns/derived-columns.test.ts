import { describe, expect, test } from "@jest/globals"
import { Column, Entity, PrimaryColumn, ViewColumn, ViewEntity, VirtualColumn } from "typeorm"

import { EncryptedColumn } from "../../../src"
import { boundSource, problemsOf, rejection } from "../memory-source"

@Entity()
class Patient {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: true }) ssn!: string
  @Column() name!: string
}

@ViewEntity({
  expression: (source) =>
    source.createQueryBuilder().select("p.id", "id").addSelect("p.ssn", "ssn").from(Patient, "p"),
})
class Leaking {
  @ViewColumn() id!: number
  @ViewColumn() ssn!: string
}

@ViewEntity({ expression: "SELECT id, ssn, name FROM patient" })
class Shown {
  @ViewColumn() id!: number
  @ViewColumn({ transformer: { to: String, from: (text: string) => text.toUpperCase() } })
  name!: string
  @EncryptedColumn() ssn!: string
}

@Entity()
class Twin {
  @PrimaryColumn() id!: number
  @EncryptedColumn() ssn!: string
  @VirtualColumn({
    type: "text",
    query: (alias) => `SELECT ssn FROM twin t WHERE t.id = ${alias}.id`,
  })
  copy!: string
}

@Entity()
class Counted {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: true }) ssn!: string
  @VirtualColumn({
    type: "int",
    query: (alias) => `SELECT COUNT(*) FROM counted c WHERE c.ssn = ${alias}.ssn`,
  })
  same!: number
}

@Entity()
class Present {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true }) ssn!: string | null
  @VirtualColumn({ type: "int", query: (alias) => `SELECT ${alias}.ssn IS NOT NULL` })
  has!: number
}

@Entity()
class Generated {
  @PrimaryColumn() id!: number
  @EncryptedColumn() ssn!: string
  @Column({ type: "text", asExpression: "LOWER(ssn)", generatedType: "STORED" }) lower!: string
}

describe("a property that the database derives from others", () => {
  test("shows no ciphertext in a view", async () => {
    const source = await boundSource([Patient, Leaking])
    await source.manager.insert(Patient, { id: 1, ssn: "078-05-1120", name: "Ada" })

    const error = await rejection(source.manager.find(Leaking))

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Leaking.ssn" })
    expect(error.message).toContain("Declare it with @EncryptedColumn()")
    expect(error.message).not.toContain("gAAAA")
  })

  test("is decrypted in a view that says so, beside transformers of others", async () => {
    const source = await boundSource([Patient, Shown])
    await source.manager.insert(Patient, { id: 1, ssn: "078-05-1120", name: "Ada" })

    expect(await source.manager.find(Shown)).toEqual([{ id: 1, ssn: "078-05-1120", name: "ADA" }])
  })

  test("shows no ciphertext in a virtual column", async () => {
    const source = await boundSource([Twin])
    await source.manager.insert(Twin, { id: 1, ssn: "078-05-1120" })

    const error = await rejection(source.manager.find(Twin))

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Twin.copy" })
  })

  test("may be virtual, and say whether there is a value", async () => {
    const source = await boundSource([Present])
    await source.manager.insert(Present, [{ id: 1, ssn: "078-05-1120" }, { id: 2 }])

    expect(await source.manager.find(Present)).toMatchObject([{ has: 1 }, { has: 0 }])
  })

  test("is refused at startup where it compares ciphertext", async () => {
    expect((await problemsOf(Counted))[0]).toMatch(
      /^Counted\.same cannot be queried: Counted\.ssn is/,
    )
    expect(await problemsOf(Generated)).toEqual([
      "Generated.ssn cannot be in the expression of lower: the database sees only tokens.",
    ])
  })
})
