import { beforeEach, describe, expect, test } from "@jest/globals"
import {
  type DataSource,
  DefaultNamingStrategy,
  Entity,
  PrimaryColumn,
  type Repository,
} from "typeorm"

import {
  decryptColumns,
  EncryptedColumn,
  encryptColumns,
  inspectColumns,
  Keyring,
  rotateColumns,
  type TableDescription,
  withEncryption,
} from "../../../src"
import { describedIndexes } from "../../../src/bulk/bulk-index"
import { verifyColumns } from "../../../src/bulk/bulk"
import { eachDatabase, type TestDatabase } from "../../support/databases"
import { keyring, keys } from "../../support/keys"

@Entity()
class Member {
  @PrimaryColumn() id!: number

  @EncryptedColumn({
    nullable: true,
    plaintext: "allow",
    blindIndex: [{ normalize: ["trim", "lowercase"] }, { name: "email_born", with: ["born"] }],
  })
  email!: string | null

  @EncryptedColumn({
    nullable: true,
    codec: "number",
    plaintext: "allow",
    blindIndex: { bits: 12 },
  })
  born!: number | null
}

@Entity({ schema: "clinic" })
class Guest {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: true }) email!: string
}

class LoudNaming extends DefaultNamingStrategy {
  override columnName(property: string, name: string, prefixes: string[]): string {
    return super.columnName(property, name, prefixes).toUpperCase()
  }
}

const rotated = new Keyring([keys.second, keys.first])
const emails = ["Alice@example.com ", "bob@example.com", null, "alice@example.com"]

eachDatabase("blind indexes in bulk", (db) => {
  let source: DataSource
  let members: Repository<Member>

  const bind = (ring: Keyring, blindIndexKeyring?: Keyring): Promise<DataSource> =>
    db.connect({ entities: [Member], synchronize: true }, (unbound) => {
      withEncryption(unbound, { keyring: ring, ...(blindIndexKeyring && { blindIndexKeyring }) })
    })

  beforeEach(async () => {
    await db.dropAllTables()
    source = await bind(keyring)
    members = source.getRepository(Member)
  })

  test("are filled by encryption, in the same statement as the tokens", async () => {
    await insertPlaintext(db)

    const report = await encryptColumns(source, Member)

    expect(report).toMatchObject({
      completed: true,
      failed: 0,
      changed: 4,
      indexes: {
        "Member.email_bidx": { current: 3, missing: 0, stale: 0 },
        "Member.email_born": { current: 3, missing: 0, stale: 0 },
        "Member.born_bidx": { current: 4, missing: 0, stale: 0 },
      },
    })
    expect(await companionsOf(db)).toEqual(await writtenByTypeOrm())
    expect(await idsOf(members.findBy({ email: "ALICE@example.com" }))).toEqual([1, 4])
    expect(await idsOf(members.findBy({ email: "bob@example.com", born: 1902 }))).toEqual([2])
    expect((await encryptColumns(source, Member)).changed).toBe(0)
  })

  /** What the companions of the same rows hold when TypeORM writes them. */
  async function writtenByTypeOrm(): Promise<unknown> {
    await members.clear()
    await members.insert(emails.map((email, i) => ({ id: i + 1, email, born: 1901 + i })))
    return companionsOf(db)
  }

  test("are filled on a table that is encrypted already", async () => {
    await members.insert(emails.map((email, i) => ({ id: i + 1, email, born: 1901 + i })))
    const written = await companionsOf(db)
    await db.rawRows("UPDATE member SET email_bidx = NULL, born_bidx = NULL, email_born = NULL")
    const tokens = await tokensOf(db)

    const before = await inspectColumns(source, Member)
    const report = await encryptColumns(source, Member)

    expect(before.indexes["Member.email_bidx"]).toEqual({ current: 0, missing: 3, stale: 0 })
    expect(report.indexes["Member.email_bidx"]).toEqual({ current: 3, missing: 0, stale: 0 })
    expect(await companionsOf(db)).toEqual(written)
    expect(await tokensOf(db)).toEqual(tokens)
  })

  test("are put right where they hold something else", async () => {
    await members.insert({ id: 1, email: "alice@example.com", born: 1901 })
    await members.insert({ id: 2, email: "bob@example.com", born: 1902 })
    const written = await companionsOf(db)
    await db.rawRows("UPDATE member SET email_bidx = 'ff', born_bidx = '0' WHERE id = 1")

    const found = await verifyColumns(source, Member)
    const report = await encryptColumns(source, Member)

    expect(found.failures.map(({ column, key }) => [column, key])).toEqual([
      ["Member.email_bidx", ["1"]],
      ["Member.born_bidx", ["1"]],
    ])
    expect(report.changed).toBe(1)
    expect(await companionsOf(db)).toEqual(written)
    expect((await verifyColumns(source, Member)).failed).toBe(0)
  })

  test("move to the first key with the tokens, and not if they have keys of their own", async () => {
    await members.insert({ id: 1, email: "alice@example.com", born: 1901 })
    const written = await companionsOf(db)

    const own = await bind(rotated, keyring)
    expect((await rotateColumns(own, Member)).changed).toBe(1)
    expect(await companionsOf(db)).toEqual(written)

    const shared = await bind(rotated)
    expect((await inspectColumns(shared, Member)).indexes["Member.email_bidx"]).toEqual({
      current: 0,
      missing: 0,
      stale: 1,
    })
    expect((await rotateColumns(shared, Member)).changed).toBe(1)
    expect(await companionsOf(db)).not.toEqual(written)
    expect((await verifyColumns(shared, Member)).failed).toBe(0)
    const found = shared.getRepository(Member).findBy({ email: "alice@example.com" })
    expect(await idsOf(found)).toEqual([1])
  })

  test("are cleared by decryption, and legacy rows are found all the same", async () => {
    await members.insert(emails.map((email, i) => ({ id: i + 1, email, born: 1901 + i })))

    const { indexes } = await decryptColumns(source, Member)

    for (const counts of Object.values(indexes)) {
      expect(counts).toEqual({ current: 0, missing: 0, stale: 0 })
    }
    const cleared = { email_bidx: null, email_born: null, born_bidx: null }
    expect(await companionsOf(db)).toEqual([cleared, cleared, cleared, cleared])
    expect(await tokensOf(db)).toEqual(emails)
    expect(await idsOf(members.findBy({ email: "bob@example.com" }))).toEqual([2])
  })

  test("stay under the keys that were fetched, whatever becomes of the environment", async () => {
    process.env.BLIND_INDEX_KEY = keys.second
    const own = await bind(keyring)
    delete process.env.BLIND_INDEX_KEY
    await insertPlaintext(db)

    await encryptColumns(own, Member)

    expect(await idsOf(own.getRepository(Member).findBy({ email: "bob@example.com" }))).toEqual([2])
  })

  test("are filled from a description alone", async () => {
    await insertPlaintext(db)
    const description: TableDescription = {
      table: "member",
      columns: {
        email: {
          blindIndex: [
            { normalize: ["trim", "lowercase"] },
            { name: "email_born", with: ["born"], context: "member/email,born/email_born" },
          ],
        },
        born: { codec: "number", blindIndex: { bits: 12 } },
      },
    }

    const report = await encryptColumns(source, description)

    expect(report.indexes["member.email_born"]).toEqual({ current: 3, missing: 0, stale: 0 })
    expect((await verifyColumns(source, Member)).failed).toBe(0)
  })

  if (db.name === "PostgreSQL") {
    test("are filled from the description of a table in a schema", async () => {
      await db.rawRows("CREATE SCHEMA clinic")
      const clinic = await db.connect({ entities: [Guest], synchronize: true }, (unbound) => {
        withEncryption(unbound, { keyring })
      })
      await db.rawRows("INSERT INTO clinic.guest (id, email) VALUES (1, 'alice@example.com')")
      const columns = { email: { blindIndex: true } }

      await encryptColumns(clinic, { table: "clinic.guest", columns })

      expect((await verifyColumns(clinic, Guest)).failed).toBe(0)
      expect(await clinic.getRepository(Guest).countBy({ email: "alice@example.com" })).toBe(1)
    })
  }

  test("are not rewritten with keys that made none of them, unless it is forced", async () => {
    await members.insert({ id: 1, email: "alice@example.com", born: 1901 })
    const written = await companionsOf(db)
    const strange = { blindIndexKeyring: new Keyring([keys.second]) }

    for (const run of [encryptColumns, rotateColumns]) {
      await expect(run(source, Member, strange)).rejects.toMatchObject({
        code: "ERR_KEY_INVALID",
        message: expect.stringContaining("(BLIND_INDEX_KEY)") as unknown,
      })
      expect(await companionsOf(db)).toEqual(written)
    }
    const forced = await encryptColumns(source, Member, { ...strange, force: true })
    expect(forced.changed).toBe(1)
    expect(await companionsOf(db)).not.toEqual(written)
  })

  test("list the rows whose value they refuse", async () => {
    await insertPlaintext(db)
    const refusing = (text: string): string => {
      if (text.startsWith("bob")) throw new Error(text)
      return text
    }
    const description = {
      table: "member",
      columns: { email: { blindIndex: { normalize: refusing } } },
    }

    const encrypted = await encryptColumns(source, description)
    const verified = await verifyColumns(source, description)

    for (const report of [encrypted, verified]) {
      expect(report.failures).toEqual([
        {
          column: "member.email_bidx",
          key: ["2"],
          problem:
            "member.email_bidx is left as it was: a normalizer refuses the value of its row.",
        },
      ])
      expect(report.indexes["member.email_bidx"]).toEqual({ current: 2, missing: 1, stale: 0 })
    }
    expect(encrypted.columns["member.email"]?.after).toMatchObject({ plaintext: 0, current: 3 })
  })

  test("are filled where a naming strategy rewrites names that are given", async () => {
    await db.dropAllTables()
    const loud = await db.connect(
      { entities: [Member], synchronize: true, namingStrategy: new LoudNaming() },
      (unbound) => {
        withEncryption(unbound, { keyring })
      },
    )
    const [email, born] = ["EMAIL", "BORN"].map((name) => db.escape(name))
    const columns = `${db.escape("ID")}, ${email ?? ""}, ${born ?? ""}`
    await db.rawRows(`INSERT INTO member (${columns}) VALUES (1, 'a@example.com', '1901')`)

    const report = await encryptColumns(loud, Member)

    expect(Object.values(report.indexes)).toHaveLength(3)
    expect(report.indexes).toMatchObject({ "Member.email_born": { current: 1, missing: 0 } })
    const found = await loud.getRepository(Member).findBy({ email: "a@example.com", born: 1901 })
    expect(found).toHaveLength(1)
  })

  test("may be missing from the database while cells are counted, which says so", async () => {
    await db.dropAllTables()
    await db.rawRows(
      "CREATE TABLE member (id int PRIMARY KEY, email text, born text, email_bidx varchar(32))",
    )
    await db.rawRows("INSERT INTO member (id, email, born) VALUES (1, 'a@example.com', '1901')")

    const report = await inspectColumns(source, Member)

    expect(report.columns["Member.email"]?.after).toMatchObject({ plaintext: 1 })
    expect(Object.keys(report.indexes)).toEqual(["Member.email_bidx"])
    expect(report.drift).toEqual(
      expect.arrayContaining([
        expect.stringContaining("Member.email_born is not in the database. Add the column"),
        expect.stringContaining("Member.born_bidx is not in the database. Add the column"),
      ]),
    )
    await expect(encryptColumns(source, Member)).rejects.toMatchObject({
      code: "ERR_COLUMN_MISUSE",
    })
  })

  test("are told to be missing from the database", async () => {
    const description = {
      table: "member",
      columns: { email: { blindIndex: { name: "nowhere" } } },
    }

    await expect(encryptColumns(source, description)).rejects.toThrow(
      "member.nowhere is not in the database. Add the column of the blind index",
    )
  })
})

describe("a description of blind indexes", () => {
  test("names columns that are described", () => {
    expect(() =>
      describedIndexes("a", { schema: undefined, table: "a" }, [["b", { with: ["c"] }]], []),
    ).toThrow("a.b has a blind index with b, c, which is not described.")
  })
})

async function insertPlaintext(db: TestDatabase): Promise<void> {
  for (const [i, email] of emails.entries()) {
    const value = email === null ? "NULL" : `'${email}'`
    await db.rawRows(
      `INSERT INTO member (id, email, born) VALUES (${i + 1}, ${value}, '${1901 + i}')`,
    )
  }
}

async function companionsOf(db: TestDatabase): Promise<unknown> {
  const rows = await db.rawRows("SELECT email_bidx, email_born, born_bidx FROM member ORDER BY id")
  return rows.map((row) => ({ ...row }))
}

async function tokensOf(db: TestDatabase): Promise<unknown> {
  return (await db.rawRows("SELECT email FROM member ORDER BY id")).map(({ email }) => email)
}

async function idsOf(found: Promise<readonly Member[]>): Promise<readonly number[]> {
  return (await found).map(({ id }) => id).sort()
}
