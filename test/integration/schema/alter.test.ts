import { beforeEach, expect, test } from "@jest/globals"
import { type DataSource, Entity, PrimaryColumn } from "typeorm"

import {
  decryptColumns,
  EncryptedColumn,
  encryptColumns,
  inspectColumns,
  withEncryption,
} from "../../../src"
import { driverFacts } from "../../../src/dialect/driver-facts"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"

@Entity("account")
class Account {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true }) email!: string | null
  @EncryptedColumn({ nullable: true, type: "varchar", length: 255 }) phone!: string | null
}

const bind = (source: DataSource) => withEncryption(source, { keyring, plaintext: "allow" })

eachDatabase("what a column has from before it was encrypted", (db) => {
  const bound = (plaintext: "allow" | "index" | "reject") =>
    db.connect({ entities: [Account] }, (source) => withEncryption(source, { keyring, plaintext }))

  beforeEach(async () => {
    await db.dropAllTables()
    const [text, plain] = db.name === "MariaDB" ? ["varchar(255)", "text"] : ["text", "text"]
    const phone = db.name === "SQLite" ? "varchar(255)" : text
    await db.rawRows(
      `CREATE TABLE account (id int NOT NULL PRIMARY KEY, email ${plain}, phone ${phone} DEFAULT 'none')`,
    )
    const email = db.name === "MariaDB" ? "email(100)" : "email"
    await db.rawRows(`CREATE UNIQUE INDEX email_once ON account (${email})`)
    await db.rawRows(`CREATE INDEX reachable ON account (id, ${email})`)
  })

  test("is named with the statement that drops it, as far as the phase has no use for it", async () => {
    const drift = async (plaintext: "allow" | "index" | "reject") =>
      (await inspectColumns(await bound(plaintext), Account)).drift.filter((one) =>
        /DEFAULT|index/.test(one),
      )

    expect(await drift("index")).toEqual([])
    expect(await drift("allow")).toEqual([expect.stringMatching(/^Account\.phone has a DEFAULT/)])
    const found = await drift("reject")
    expect(found.toSorted()).toEqual([
      expect.stringMatching(/^Account\.email is in the index reachable/),
      expect.stringMatching(/^Account\.email is in the unique index email_once/),
      expect.stringMatching(/^Account\.phone has a DEFAULT/),
    ])
    for (const one of found) {
      const [, statement = ""] = /Run ((?:ALTER|DROP) .*)\.$/.exec(one) ?? []
      if (statement !== "") await db.rawRows(statement)
    }
    expect(await drift("reject")).toHaveLength(db.name === "SQLite" ? 1 : 0)
    await db.rawRows("INSERT INTO account (id, email) VALUES (1, NULL)")
    const isKept = db.name === "SQLite" ? "none" : null
    expect(await db.rawRows("SELECT phone FROM account")).toEqual([{ phone: isKept }])
  })

  test("is dropped by the schema step", async () => {
    await (await bound("reject")).synchronize()

    expect((await inspectColumns(await bound("reject"), Account)).drift).toEqual([])
  })
})

eachDatabase("bulk work that changes types", (db) => {
  if (db.name === "SQLite") {
    test("leaves the types of SQLite, which hold any text", async () => {
      await db.rawRows("CREATE TABLE account (id int PRIMARY KEY, email varchar(10), phone text)")
      await db.rawRows("INSERT INTO account VALUES (1, 'a@b', NULL)")
      const source = await db.connect({ entities: [Account] }, bind)

      const report = await encryptColumns(source, Account, { alter: true })

      expect(report).toMatchObject({ changed: 1, drift: [], statements: [] })
    })
    return
  }

  beforeEach(() => db.dropAllTables())

  test("gives every column the type that the model declares, so that TypeORM has nothing to do", async () => {
    await db.rawRows(
      "CREATE TABLE account (id int NOT NULL PRIMARY KEY, email varchar(120), phone varchar(64))",
    )
    await db.rawRows("INSERT INTO account VALUES (1, 'ada@example.com', '+1 555')")
    const source = await db.connect({ entities: [Account] }, bind)
    const before = await inspectColumns(source, Account)
    const report = await encryptColumns(source, Account, { alter: true })

    expect(before.drift).toEqual([
      expect.stringMatching(
        /^Account\.email is .*\(120\) in the database and text in the model\. Run /,
      ),
      expect.stringMatching(/^Account\.phone is .*\(64\) in the database and .*\(255\)/),
    ])
    expect(report).toMatchObject({ drift: [], failed: 0, changed: 1 })
    expect(report.statements.join()).toMatch(/ALTER TABLE/)
    expect((await source.driver.createSchemaBuilder().log()).upQueries).toEqual([])
    expect(await source.manager.findOneBy(Account, { id: 1 })).toMatchObject({
      email: "ada@example.com",
      phone: "+1 555",
    })
  })

  test("leaves the modes of the session as they were when a statement fails", async () => {
    // Elsewhere they are those of one statement, or of a transaction
    if (db.options().type !== "mysql") return
    await db.rawRows("CREATE TABLE event (id int PRIMARY KEY, at varchar(20))")
    await db.rawRows("INSERT INTO event VALUES (1, 'noon')")
    const source = await db.connect()
    const runner = source.createQueryRunner()
    await runner.query("SET SESSION sql_mode = 'ANSI_QUOTES', SESSION lock_wait_timeout = 1")
    // So that it is not tried again
    await runner.startTransaction()
    const event = { table: "event", columns: { at: {} } }
    // Whoever has read a table keeps its definition
    const reader = source.createQueryRunner()
    await reader.startTransaction()
    await reader.query("SELECT * FROM event")

    const altered = encryptColumns(runner, event, { keyring, alter: true })

    await expect(altered).rejects.toThrow(/ER_LOCK_WAIT_TIMEOUT/)
    expect(
      await runner.query("SELECT @@sql_mode AS mode, @@lock_wait_timeout AS timeout"),
    ).toMatchObject([{ mode: "ANSI_QUOTES" }])
    await reader.rollbackTransaction()
    for (const one of [runner, reader]) await one.release()
  })

  test("leaves the modes of the session as they were when a migration that was generated fails", async () => {
    const { strictSession } = driverFacts(db.options().type)
    if (!strictSession) return
    const source = await db.connect({ entities: [Account] }, bind)
    const runner = source.createQueryRunner()
    const modes = () =>
      runner.query("SELECT @@sql_mode AS mode, @@lock_wait_timeout AS timeout") as Promise<unknown>
    await runner.query("SET SESSION sql_mode = 'ANSI_QUOTES', SESSION lock_wait_timeout = 77")
    const before = await modes()

    await runner.query(strictSession.begin)
    expect(await modes()).toMatchObject([{ mode: "STRICT_ALL_TABLES" }])
    await expect(runner.query("ALTER TABLE account MODIFY nothing int")).rejects.toThrow()

    expect(await modes()).toEqual(before)
    await runner.query(strictSession.begin)
    await runner.query(strictSession.end)
    await runner.query("SET SESSION sql_mode = 'PIPES_AS_CONCAT'")
    await expect(runner.query("SELECT nothing")).rejects.toThrow()
    expect(await modes()).toMatchObject([{ mode: "PIPES_AS_CONCAT" }])
    await runner.release()
  })

  test("changes nothing where a token would not fit into the declared type", async () => {
    await db.rawRows("CREATE TABLE account (id int NOT NULL PRIMARY KEY, email text, phone text)")
    const phone = "x".repeat(200)
    await db.rawRows(`INSERT INTO account VALUES (1, NULL, '${phone}')`)
    const source = await db.connect({ entities: [Account] }, bind)

    await expect(encryptColumns(source, Account, { alter: true })).rejects.toThrow(
      /Account\.phone is text, and 1 of its values do not fit into .*\(255\) as tokens/,
    )
    expect(await db.rawRows("SELECT phone FROM account")).toEqual([{ phone }])
  })

  test.each([
    ["date", "not a day", "2020-02-29"],
    ["json", "{", '{"a":1}'],
    ["double precision", "many", "1.5"],
  ])(
    "decrypts nothing that the type %s refuses, which only the database knows",
    async (type, ...texts) => {
      const table = { table: "item", columns: { c: {} } }
      const source = await db.connect()
      const cells = () => db.rawRows("SELECT c FROM item")
      const [bad, good] = texts.map((text) => keyring.encrypt(text))
      await db.rawRows("CREATE TABLE item (id int NOT NULL PRIMARY KEY, c text)")
      await db.rawRows(`INSERT INTO item VALUES (1, '${good}')`)
      const restored = () =>
        decryptColumns(source, table, { keyring, restoreTypes: { c: type }, dryRun: true })
      await expect(restored()).resolves.toMatchObject({ failed: 0 })
      await db.rawRows(`UPDATE item SET c = '${bad}'`)

      await expect(restored()).rejects.toThrow(
        /item\.c: (?:1|some) of its values do not fit into .* Nothing was decrypted/,
      )
      await expect(
        decryptColumns(source, table, { keyring, restoreTypes: { c: type } }),
      ).rejects.not.toThrow(new RegExp(texts[0]))
      expect(await cells()).toEqual([{ c: bad }])
    },
  )

  test("goes on where MariaDB was stopped between the two statements of a conversion", async () => {
    if (db.name !== "MariaDB") return
    await db.rawRows("CREATE TABLE event (id int PRIMARY KEY, done tinyint(1) NULL)")
    await db.rawRows("INSERT INTO event VALUES (1, 1), (2, 0), (3, NULL)")
    const source = await db.connect()
    const event = { table: "event", columns: { done: { codec: "boolean" } } } as const
    const { planned = [] } = await encryptColumns(source, event, {
      ...{ keyring, alter: true, dryRun: true },
    })
    const added = planned.findIndex(({ sql }) => sql.includes(" ADD COLUMN "))
    for (const { sql } of planned.slice(0, added + 1)) await db.rawRows(sql)
    await db.rawRows("UPDATE event SET done = 1 WHERE id = 2")

    expect(await encryptColumns(source, event, { keyring, alter: true })).toMatchObject({
      changed: 2,
      failed: 0,
    })
    await decryptColumns(source, event, { keyring, restoreTypes: { done: "tinyint(1)" } })
    const rows = await db.rawRows("SELECT * FROM event ORDER BY id")
    expect(rows.map((row) => Object.values(row))).toEqual([
      [1, 1],
      [2, 1],
      [3, null],
    ])
  })

  test("changes nothing where the codec would leave cells behind", async () => {
    const [type, value] =
      db.name === "PostgreSQL" ? ["timestamptz", "'infinity'"] : ["date", "'0000-00-00'"]
    await db.rawRows(`CREATE TABLE event (id int PRIMARY KEY, happened ${type} NULL)`)
    await db.rawRows(
      db.name === "MariaDB"
        ? `INSERT IGNORE INTO event VALUES (1, ${value})`
        : `INSERT INTO event VALUES (1, ${value})`,
    )
    const source = await db.connect()
    const event = { table: "event", columns: { happened: { codec: "date" } } } as const

    await expect(encryptColumns(source, event, { keyring, alter: true })).rejects.toThrow(
      /event\.happened is .*1 of its values are none that the codec "date" reads/,
    )
    const runner = source.createQueryRunner()
    const table = await runner.getTable("event")
    await runner.release()
    expect(table?.findColumnByName("happened")?.type).not.toMatch(/text/)
  })

  test.each([
    ["", {}],
    [", whatever the audit is set to", { audit: false }],
  ])(
    "decrypts nothing whose plaintext would not fit into its type again%s",
    async (_how, audit) => {
      await db.rawRows("CREATE TABLE account (id int NOT NULL PRIMARY KEY, email text, phone text)")
      const token = keyring.encrypt("a value of more than twenty characters")
      await db.rawRows(`INSERT INTO account VALUES (1, '${token}', NULL)`)
      const source = await db.connect({ entities: [Account] }, bind)
      const restoreTypes = { email: "varchar(20)" }

      await expect(decryptColumns(source, Account, { restoreTypes, ...audit })).rejects.toThrow(
        /1 cells cannot go back .* nothing was decrypted.*in row 1: Account\.email does not fit into varchar\(20\)/s,
      )
      expect(await db.rawRows("SELECT email FROM account")).toEqual([{ email: token }])
    },
  )

  test("says in a dry run how types would be given back, of values that are still tokens", async () => {
    await db.rawRows("CREATE TABLE account (id int NOT NULL PRIMARY KEY, email text, phone text)")
    const token = keyring.encrypt("ada@example.com")
    await db.rawRows(`INSERT INTO account VALUES (1, '${token}', NULL)`)
    const source = await db.connect({ entities: [Account] }, bind)
    const dryRun = (email: string) =>
      decryptColumns(source, Account, { dryRun: true, restoreTypes: { email } })

    const report = await dryRun("varchar(20)")

    expect(report).toMatchObject({ dryRun: true, changed: 1, statements: [] })
    const sql = (report.planned ?? []).map((one) => one.sql).join("\n")
    expect(sql).toMatch(/ALTER TABLE .*email. .*varchar\(20\)/i)
    expect(report.planned?.[0]?.lock).toMatch(/keeps (?:everyone|writers) out/)
    await expect(dryRun("varchar(10)")).rejects.toThrow(/nothing was decrypted/)
    expect(await db.rawRows("SELECT email FROM account")).toEqual([{ email: token }])
    await decryptColumns(source, Account, { restoreTypes: { email: "varchar(20)" } })
    expect(await db.rawRows("SELECT email FROM account")).toEqual([{ email: "ada@example.com" }])
  })

  test.each([
    ["numeric(6,2)", "number", "1.5", /^1\.50$/],
    ["int", "number", "42", /^42$/],
    ["varchar(20)", "string", "ünï", /^ünï$/],
    ["date", "string", "2020-02-29", /2020-02-2/],
  ] as const)("gives the type %s back", async (type, codec, value, read) => {
    await db.rawRows(`CREATE TABLE item (id int NOT NULL PRIMARY KEY, c ${type} NOT NULL)`)
    await db.rawRows(`INSERT INTO item VALUES (1, '${value}')`)
    const source = await db.connect()
    const item = { table: "item", columns: { c: { codec } } }
    const types = async () => {
      const runner = source.createQueryRunner()
      const table = await runner.getTable("item")
      await runner.release()
      const column = table?.findColumnByName("c")
      return [column?.type, column?.length, column?.precision, column?.scale, column?.isNullable]
    }
    const before = await types()

    await encryptColumns(source, item, { keyring, alter: true })
    await decryptColumns(source, item, { keyring, restoreTypes: { c: type } })

    const text = db.name === "PostgreSQL" ? "c::text" : "CAST(c AS CHAR)"
    const [row] = await db.rawRows(`SELECT ${text} AS c FROM item`)
    expect(row?.c).toMatch(read)
    expect(await types()).toEqual(before)
  })
})
