import { beforeEach, expect, jest, test } from "@jest/globals"
import { Column, type DataSource, Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn, withEncryption } from "../../src"
import { TokenKey } from "../../src/fernet/token-key"
import { TokenMac } from "../../src/fernet/token-mac"
import { eachDatabase } from "../support/databases"
import { keyring } from "../support/keys"

interface Chart {
  name: string
  codes: { code: number }[]
  ward: number
}

class Contact {
  @EncryptedColumn({ nullable: true }) phone!: string | null
}

@Entity()
class Patient {
  @PrimaryColumn({ type: "int" }) id!: number
  @EncryptedColumn({ blindIndex: [true, { name: "ssn_and_weight", with: ["weight"] }] })
  ssn!: string
  @EncryptedColumn({ codec: "number", nullable: true }) weight!: number | null
  @EncryptedColumn({ codec: "bytes", nullable: true }) scan!: Uint8Array | null
  @EncryptedColumn({ padTo: 32 }) note!: string
  @EncryptedColumn({ paths: ["name", "codes.*"] }) chart!: Chart
  @Column(() => Contact) contact!: Contact
}

const ROWS = 30
const patients = (): Patient[] =>
  Array.from({ length: ROWS }, (_, i) => ({
    id: i,
    // Equal values beside each other get tokens of their own
    ssn: `ssn ${Math.floor(i / 2)}`,
    weight: i % 3 === 0 ? null : i / 4,
    scan: i % 5 === 0 ? null : Buffer.from([i, 0, 255]),
    note: "n".repeat(i),
    chart: { name: `name ${i}`, codes: [{ code: i }, { code: i }], ward: 7 },
    contact: { phone: i % 4 === 0 ? null : `+1 ${i}` },
  }))

eachDatabase("rows that are written together", (db) => {
  let source: DataSource
  beforeEach(async () => {
    await db.dropAllTables()
    source = await db.connect({ entities: [Patient], synchronize: true }, (one) => {
      withEncryption(one, { keyring })
    })
  })

  const stored = (): Promise<Record<string, unknown>[]> =>
    db.rawRows("SELECT * FROM patient ORDER BY id")

  test.each(["insert", "save", "upsert"] as const)(
    "%s() stores each under its row",
    async (way) => {
      const rows = patients()
      const repository = source.getRepository(Patient)
      if (way === "upsert") await repository.upsert(rows, ["id"])
      else await repository[way](rows)

      const raw = await stored()
      const cells = raw.flatMap((row) => [row.ssn, row.weight, row.scan, row.contactPhone])
      const tokens = cells.filter((cell) => cell !== null) as string[]
      expect(new Set(tokens).size).toBe(tokens.length)
      expect(raw.map((row) => keyring.decryptText(String(row.ssn)))).toEqual(
        patients().map(({ ssn }) => ssn),
      )
      const found = await repository.find({ order: { id: "ASC" } })
      for (const row of found) row.scan &&= Buffer.from(row.scan)
      expect(found).toEqual(patients())
      expect(await repository.countBy({ ssn: "ssn 7" })).toBe(2)
    },
  )

  test("none of them is encrypted or indexed by itself", async () => {
    const seal = jest.spyOn(TokenKey.prototype, "seal")
    const tagOf = jest.spyOn(TokenMac.prototype, "tagOf")
    try {
      await source.getRepository(Patient).insert(patients())

      expect([seal, tagOf].map(({ mock }) => mock.calls.length)).toEqual([0, 0])
    } finally {
      seal.mockRestore()
      tagOf.mockRestore()
    }
  })

  test("a value that is refused is so, and nothing is stored", async () => {
    const rows = patients()
    Object.assign(rows[20] ?? {}, { ssn: keyring.encrypt("ssn") })

    const inserting = source.getRepository(Patient).insert(rows)

    await expect(inserting).rejects.toMatchObject({ code: "ERR_ALREADY_ENCRYPTED" })
    expect(await stored()).toEqual([])
  })
})
