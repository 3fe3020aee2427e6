import { expect, test } from "@jest/globals"
import { Entity, PrimaryColumn } from "typeorm"

import {
  EncryptedColumn,
  encryptColumns,
  Keyring,
  rotateColumns,
  withEncryption,
} from "../../../src"
import { eachDatabase, type TestDatabase } from "../../support/databases"
import { keyring, keys } from "../../support/keys"
import { open } from "../stored"

@Entity()
class Account {
  @PrimaryColumn() id!: number

  @EncryptedColumn({ blindIndex: { unique: true, normalize: "lowercase" }, plaintext: "allow" })
  email!: string
}

const bound = (db: TestDatabase, ring: Keyring = keyring) =>
  db.connect({ entities: [Account], synchronize: true }, (source) => {
    withEncryption(source, { keyring: ring })
  })

eachDatabase("equal values under a unique blind index", (db) => {
  test("are left in plaintext and listed, and all others are encrypted", async () => {
    await db.dropAllTables()
    const source = await bound(db)
    for (let id = 1; id <= 40; id++) {
      const email = id % 10 === 0 ? "Same@example.com" : `${id}@example.com`
      await db.rawRows(`INSERT INTO account (id, email) VALUES (${id}, '${email}')`)
    }

    const report = await encryptColumns(source, Account)

    expect(report.indexes["Account.email_bidx"]).toMatchObject({ current: 37, missing: 3 })
    expect(report.columns["Account.email"]?.after).toMatchObject({ plaintext: 3, current: 37 })
    const failed = new Set(report.failures.map(({ key: [id] }) => Number(id)))
    expect(failed.size).toBe(3)
    const rows = await db.rawRows("SELECT id, email FROM account ORDER BY id")
    for (const { id, email } of rows) {
      if (failed.has(Number(id))) expect(email).toBe("Same@example.com")
      else expect(open(email as string)).toMatch(/@example\.com$/)
    }
    expect(report.failures.map(({ problem }) => problem)).toContain(
      "Account.email_bidx is left as it was: its index is unique, and another row has an equal " +
        "value.",
    )
    expect(JSON.stringify(report)).not.toContain("Same")
  })

  test("that were written under different keys come to light when they are rotated", async () => {
    await db.dropAllTables()
    const old = await bound(db, new Keyring([keys.second]))
    await old.getRepository(Account).insert({ id: 1, email: "a@example.com" })
    const both = await bound(db, new Keyring([keys.first, keys.second]))
    await both.getRepository(Account).insert({ id: 2, email: "A@example.com" })

    const report = await rotateColumns(both, Account)

    expect(report.failures[0]).toMatchObject({ key: ["1"] })
    expect(report.columns["Account.email"]?.after).toMatchObject({ current: 1 })
  })
})
