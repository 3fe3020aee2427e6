import { beforeEach, expect, test } from "@jest/globals"

import { encryptColumns, inspectColumns } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"

const ROWS = 60

const visits = { table: "visit", columns: { note: {} } }

/** Settings of a session that the text of a key depends on. */
const sessions = {
  PostgreSQL: [
    "-c TimeZone=UTC -c DateStyle=ISO -c bytea_output=hex",
    "-c TimeZone=Asia/Tokyo -c DateStyle=German -c bytea_output=escape",
  ],
  MariaDB: ["+00:00", "+09:00"],
  SQLite: [],
} as const

eachDatabase("the shards of a table", (db) => {
  if (db.name === "SQLite") {
    test.skip("(SQLite cannot shard a table)", () => undefined)
    return
  }

  const keys =
    db.name === "PostgreSQL"
      ? [
          ["timestamptz", "'2020-02-29 10:00:00+00'::timestamptz + n * interval '1 hour'"],
          ["date", "'2020-02-29'::date + n"],
          ["bytea", "decode(md5(n::text), 'hex')"],
          ["int", "n"],
          ["uuid", "('01940000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"],
        ]
      : [
          ["timestamp", "'2020-02-29 10:00:00' + INTERVAL n HOUR"],
          ["int", "n"],
          ["char(36)", "CONCAT('01940000-0000-7000-8000-', LPAD(HEX(n), 12, '0'))"],
        ]

  beforeEach(() => db.dropAllTables())

  test.each(keys)("are the same whoever asks, of keys of type %s", async (type, key) => {
    await db.rawRows(`CREATE TABLE visit (id ${type} NOT NULL PRIMARY KEY, note text)`)
    const numbers =
      db.name === "PostgreSQL"
        ? `generate_series(1, ${ROWS}) n`
        : `(WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < ${ROWS}) SELECT n FROM s) s`
    await db.rawRows(`INSERT INTO visit SELECT ${key}, 'a note' FROM ${numbers}`)

    const changed: number[] = []
    for (const [index, session] of sessions[db.name].entries()) {
      const source = await db.connect(
        db.name === "PostgreSQL" ? { extra: { options: session } } : {},
      )
      const runner = source.createQueryRunner()
      if (db.name === "MariaDB") await runner.query(`SET time_zone = '${session}'`)
      const report = await encryptColumns(runner, visits, {
        ...{ keyring, shard: { index, count: 2 }, audit: false },
      })
      await runner.release()
      expect(report).toMatchObject({ failed: 0, shard: { index, count: 2 } })
      changed.push(report.changed)
    }

    // About half, also of keys that follow each other
    expect(Math.min(...changed)).toBeGreaterThan(ROWS / 4)
    expect(changed.reduce((sum, count) => sum + count)).toBe(ROWS)
    const { columns } = await inspectColumns(await db.connect(), visits, { keyring })
    expect(columns["visit.note"]?.after).toMatchObject({ current: ROWS, plaintext: 0 })
  })
})
