import { beforeEach, expect, test } from "@jest/globals"
import type { DataSource } from "typeorm"

import { type BulkTarget, decryptColumns, encryptColumns } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"

/** The column of a table that TypeORM knows nothing of. */
const note = { table: "note", columns: { text: { codec: "string" } } } satisfies BulkTarget

eachDatabase("a type that is not changed", (db) => {
  if (db.name === "SQLite") {
    test("is none on SQLite, which holds any text in any column", async () => {
      await db.rawRows("CREATE TABLE note (id int PRIMARY KEY, text varchar(5))")
      await db.rawRows("INSERT INTO note VALUES (1, 'a note')")
      const source = await db.connect()

      expect(await encryptColumns(source, note, { keyring })).toMatchObject({ changed: 1 })
    })
    return
  }

  let source: DataSource
  const isPostgres = db.name === "PostgreSQL"

  /** Makes the table, with a column of a type and a row. */
  async function make(definition: string, value: string | null = "calm"): Promise<void> {
    await db.rawRows(`CREATE TABLE note (id int NOT NULL PRIMARY KEY, ${definition})`)
    const literal = value === null ? "NULL" : `'${value}'`
    await db.rawRows(`INSERT INTO note (id, text) VALUES (1, ${literal})`)
  }

  const typeOf = async () => {
    const [row] = await db.rawRows(
      isPostgres
        ? "SELECT format_type(atttypid, atttypmod) AS type, (SELECT collname FROM pg_collation WHERE oid = attcollation) AS collation " +
            "FROM pg_attribute WHERE attrelid = 'note'::regclass AND attname = 'text'"
        : "SELECT column_type AS type, column_comment AS comment FROM information_schema.columns " +
            "WHERE table_schema = database() AND table_name = 'note' AND column_name = 'text'",
    )
    return row
  }

  beforeEach(async () => {
    await db.dropAllTables()
    source = await db.connect()
  })

  test("because the column is not in the table is said by name", async () => {
    await make("text text")

    await expect(
      decryptColumns(source, note, { keyring, restoreTypes: { other: "date" } }),
    ).rejects.toThrow(/note.*\.other/)
    expect(await db.rawRows("SELECT text FROM note")).toEqual([{ text: "calm" }])
  })

  test.each(["date", isPostgres ? "point" : "geometry"])(
    "to %s, which its values do not fit, is said without them",
    async (type) => {
      await make("text text")
      const restored = decryptColumns(source, note, { keyring, restoreTypes: { text: type } })

      await expect(restored).rejects.toThrow(
        /note\.text(?: cannot be given|: .* do not fit into date).* Nothing was decrypted/,
      )
      await expect(restored).rejects.not.toThrow(/calm/)
      expect(await db.rawRows("SELECT text FROM note")).toEqual([{ text: "calm" }])
    },
  )

  test("keeps what a definition has besides", async () => {
    const more = isPostgres ? 'COLLATE "C"' : "COMMENT 'it''s a note' NOT NULL"
    await make(`text varchar(20) ${more}`)

    await encryptColumns(source, note, { keyring, alter: true })

    expect(await typeOf()).toMatchObject(
      isPostgres ? { collation: "C" } : { comment: "it's a note" },
    )
    expect(await db.rawRows("SELECT text FROM note")).toEqual([
      { text: expect.stringMatching(/^gAAAAA/) },
    ])
  })

  if (isPostgres) {
    test("gives an enum and a domain back as they were", async () => {
      await db.rawRows("DROP TYPE IF EXISTS mood")
      await db.rawRows("DROP DOMAIN IF EXISTS feeling")
      await db.rawRows("CREATE TYPE mood AS ENUM ('calm', 'cross')")
      await db.rawRows("CREATE DOMAIN feeling AS varchar(10) CHECK (value <> '')")
      for (const type of ["mood", "feeling"]) {
        await make(`text ${type}`)
        await encryptColumns(source, note, { keyring, alter: true })
        await decryptColumns(source, note, { keyring, restoreTypes: { text: type } })

        expect(await typeOf()).toMatchObject({ type })
        expect(await db.rawRows("SELECT text FROM note")).toEqual([{ text: "calm" }])
        await db.rawRows("DROP TABLE note")
      }
      await db.rawRows("DROP TYPE mood")
      await db.rawRows("DROP DOMAIN feeling")
    })

    test("shows more values than are read at once to the codec", async () => {
      await make("text date", null)
      await db.rawRows("INSERT INTO note SELECT n, '2020-02-29' FROM generate_series(2, 4500) n")
      await db.rawRows("INSERT INTO note VALUES (5000, 'infinity')")
      const dates = { table: "note", columns: { text: { codec: "date" } } } as const

      await expect(encryptColumns(source, dates, { keyring, alter: true })).rejects.toThrow(
        /note\.text is date, and 1 of its values are none that the codec "date" reads/,
      )
    })
    return
  }

  test.each([
    ["computed from it", "PRIMARY KEY (id), upper_text varchar(20) AS (upper(text)) STORED", ""],
    ["keeps its history", "PRIMARY KEY (id)", "WITH SYSTEM VERSIONING"],
  ])("of a table where something is %s is said by name", async (reason, more, options) => {
    // MySQL keeps no history
    if (options !== "" && db.options().type === "mysql") return
    await db.rawRows(
      `CREATE TABLE note (id int NOT NULL, text varchar(20) NOT NULL, ${more}) ${options}`,
    )
    await db.rawRows("INSERT INTO note (id, text) VALUES (1, 'calm')")

    await expect(encryptColumns(source, note, { keyring, alter: true })).rejects.toThrow(
      new RegExp(`note\\.text is varchar\\(20\\), which cannot be changed, since .*${reason}`),
    )
    expect(await db.rawRows("SELECT text FROM note")).toEqual([{ text: "calm" }])
  })
})
