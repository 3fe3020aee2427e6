import { expect, test } from "@jest/globals"

import { decryptColumns, encryptColumns, inspectColumns } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { open } from "../stored"

eachDatabase("bulk commands on a table", (db) => {
  const visits = { table: "visit", columns: { diagnosis: {} } }

  if (db.name === "PostgreSQL") {
    test("take it in a schema with capitals and spaces", async () => {
      const source = await db.connect()
      await db.rawRows('CREATE SCHEMA "Clinic B"')
      await db.rawRows('CREATE TABLE "Clinic B".visit (id int PRIMARY KEY, diagnosis text)')
      await db.rawRows(`INSERT INTO "Clinic B".visit VALUES (1, 'flu')`)

      await encryptColumns(source, { ...visits, table: "Clinic B.visit" }, { keyring })

      const [visit] = await db.rawRows('SELECT * FROM "Clinic B".visit')
      expect(open(visit?.diagnosis)).toBe("flu")
      await db.rawRows('DROP SCHEMA "Clinic B" CASCADE')
    })

    test("refuse an array of texts, which no token fits", async () => {
      const source = await db.connect()
      await db.dropAllTables()
      await db.rawRows("CREATE TABLE visit (id int PRIMARY KEY, diagnosis text[])")
      await db.rawRows("INSERT INTO visit VALUES (1, '{flu,cold}')")

      for (const alter of [false, true]) {
        await expect(encryptColumns(source, visits, { keyring, alter })).rejects.toMatchObject({
          code: "ERR_COLUMN_MISUSE",
          message: expect.stringContaining("visit.diagnosis is text[]") as unknown,
        })
      }

      expect(await db.rawRows("SELECT * FROM visit")).toEqual([
        { id: 1, diagnosis: ["flu", "cold"] },
      ])
    })

    test("refuse to write where nothing may be written, as on a hot standby", async () => {
      await db.dropAllTables()
      await db.rawRows("CREATE TABLE visit (id int PRIMARY KEY, diagnosis text)")
      await db.rawRows("INSERT INTO visit VALUES (1, 'flu')")
      const standby = await db.connect({
        extra: { options: "-c default_transaction_read_only=on" },
      })

      await expect(encryptColumns(standby, visits, { keyring })).rejects.toMatchObject({
        code: "ERR_COLUMN_MISUSE",
        message: expect.stringMatching(
          /visit is read-only here.*Connect to the primary/,
        ) as unknown,
      })

      const report = await inspectColumns(standby, visits, { keyring })
      expect(report.columns["visit.diagnosis"]?.after).toMatchObject({ plaintext: 1 })
    })

    test("take its partitions", async () => {
      const source = await db.connect()
      await db.dropAllTables()
      await db.rawRows(
        "CREATE TABLE visit (id int, year int, diagnosis text, PRIMARY KEY (year, id)) " +
          "PARTITION BY RANGE (year)",
      )
      await db.rawRows("CREATE TABLE visit_old PARTITION OF visit FOR VALUES FROM (0) TO (2000)")
      await db.rawRows("CREATE TABLE visit_new PARTITION OF visit DEFAULT")
      await db.rawRows("INSERT INTO visit VALUES (1, 1999, 'flu'), (1, 2001, 'cold')")

      await encryptColumns(source, visits, { keyring })

      const rows = await db.rawRows("SELECT * FROM visit ORDER BY year")
      expect(rows.map(({ diagnosis }) => open(diagnosis))).toEqual(["flu", "cold"])
    })
  }

  if (db.name === "MariaDB") {
    test("take it in another database", async () => {
      const source = await db.connect()
      const [{ name } = {}] = await db.rawRows("SELECT concat(database(), '_b') AS name")
      const other = String(name)
      await db.rawRows(`CREATE DATABASE ${other}`)
      await db.rawRows(`CREATE TABLE ${other}.visit (id int PRIMARY KEY, diagnosis text)`)
      await db.rawRows(`INSERT INTO ${other}.visit VALUES (1, 'flu')`)

      await encryptColumns(source, { ...visits, table: `${other}.visit` }, { keyring })

      const [visit] = await db.rawRows(`SELECT * FROM ${other}.visit`)
      expect(open(visit?.diagnosis)).toBe("flu")
      await db.rawRows(`DROP DATABASE ${other}`)
    })

    test.each(["latin1", "utf16", "utf8mb3"])("take text in %s", async (characterSet) => {
      const source = await db.connect()
      await db.dropAllTables()
      await db.rawRows(
        `CREATE TABLE visit (id int PRIMARY KEY, diagnosis text CHARACTER SET ${characterSet})`,
      )
      await db.rawRows("INSERT INTO visit VALUES (1, 'Fièvre à 40°')")

      await encryptColumns(source, visits, { keyring })
      const [encrypted] = await db.rawRows("SELECT * FROM visit")
      await decryptColumns(source, visits, { keyring })

      expect(open(encrypted?.diagnosis)).toBe("Fièvre à 40°")
      expect((await db.rawRows("SELECT * FROM visit"))[0]?.diagnosis).toBe("Fièvre à 40°")
    })
  }

  if (db.name === "SQLite") {
    test("take it without row ids, and leave what is no text", async () => {
      const source = await db.connect()
      await db.dropAllTables()
      await db.rawRows("CREATE TABLE visit (id text PRIMARY KEY, diagnosis text) WITHOUT ROWID")
      await db.rawRows("INSERT INTO visit VALUES ('a', 'flu'), ('b', x'ff00fe')")

      const report = await encryptColumns(source, visits, { keyring })

      const [text, blob] = await db.rawRows("SELECT diagnosis FROM visit ORDER BY id")
      expect(open(text?.diagnosis)).toBe("flu")
      expect(blob?.diagnosis).toEqual(Buffer.from("ff00fe", "hex"))
      expect(report.failures).toMatchObject([{ key: ["b"], column: "visit.diagnosis" }])
    })
  }
})
