import { describe, expect, test } from "@jest/globals"
import {
  Check,
  Column,
  Entity,
  Index,
  ManyToOne,
  PrimaryColumn,
  Unique,
  VersionColumn,
} from "typeorm"

import { EncryptedColumn, encryptedColumn, withEncryption } from "../../../src"
import { keyring } from "../../support/keys"
import { boundSource, memorySource } from "../memory-source"
import { schema } from "../schema"

describe("validation accepts", () => {
  test("constraints, indexes and orders on the columns beside an encrypted one", async () => {
    @Entity({ orderBy: { ssnHint: "ASC" } })
    @Unique(["name", "clinic"])
    @Index(["ssnHint", "name"])
    @Check("ssn_hint <> '' AND old_ssn IS NULL AND ssn2 > 0")
    class Patient {
      @PrimaryColumn() id!: number
      @Column({ unique: true }) name!: string
      @Column({ default: "none" }) clinic!: string
      @Column({ name: "ssn_hint" }) ssnHint!: string
      @Column({ name: "old_ssn", type: String, nullable: true }) oldSsn!: string | null
      @Column() ssn2!: number
      @EncryptedColumn() ssn!: string
      @VersionColumn() version!: number
      @ManyToOne(() => Patient) mother?: Patient
    }

    expect((await boundSource([Patient])).isInitialized).toBe(true)
  })

  test("a check that has the column's name in a text or as a function", async () => {
    @Entity()
    @Check("kind IN ('email', 'it''s email too')")
    @Check("length(kind) < 20")
    class Contact {
      @PrimaryColumn() id!: number
      @Column() kind!: string
      @EncryptedColumn() email!: string
      @EncryptedColumn({ codec: "number" }) length!: number
    }

    expect((await boundSource([Contact])).isInitialized).toBe(true)
  })

  test.each([
    { type: "varchar", length: 100 },
    { type: "varchar", length: "255" },
    { type: "varchar" },
    { nullable: true, select: false, comment: "a secret", name: "geheim" },
    { nullable: true, default: null },
    { insert: false },
    { update: false },
    { codec: "bytes", ttl: 1 },
    { codec: { encode: String, decode: String } },
    { plaintext: "reject" },
  ] as const)("the options %j", async (options) => {
    const Patient = schema("patient", { ssn: encryptedColumn(options) })

    expect((await boundSource([Patient])).isInitialized).toBe(true)
  })

  test("a model without encrypted columns", async () => {
    const Patient = schema("patient", { name: { type: String } })

    expect(
      (await withEncryption(memorySource([Patient]), { keyring }).initialize()).isInitialized,
    ).toBe(true)
  })
})
