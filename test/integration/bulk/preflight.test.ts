import { beforeEach, expect, test } from "@jest/globals"
import type { DataSource } from "typeorm"

import { decryptColumns, encryptColumns, indexColumns, rotateColumns } from "../../../src"
import { eachDatabase, type TestDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"

const options = { keyring }

const account = { table: "account", columns: { email: {} } }

/** What may use a column, each with a statement that makes it so, and whether the table still takes tokens. */
const objects: Readonly<Record<TestDatabase["name"], readonly (readonly [string, string[]])[]>> = {
  PostgreSQL: [
    ["index", ["CREATE INDEX by_email ON account (lower(email))"]],
    ["index", ["ALTER TABLE account ADD CONSTRAINT email_once UNIQUE (email)"]],
    ["default", ["ALTER TABLE account ALTER email SET DEFAULT 'none'"]],
    ["view", ["CREATE VIEW emails AS SELECT email FROM account"]],
    ["view", ["CREATE MATERIALIZED VIEW stale AS SELECT email FROM account"]],
    [
      "generated column",
      ["ALTER TABLE account ADD host text GENERATED ALWAYS AS (upper(email)) STORED"],
    ],
    ["check", ["ALTER TABLE account ADD CONSTRAINT filled CHECK (email <> '')"]],
    [
      "trigger",
      [
        "CREATE TABLE audit (was jsonb)",
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO audit VALUES (to_jsonb(OLD)); RETURN NEW; END'",
        "CREATE TRIGGER audited AFTER UPDATE ON account FOR EACH ROW EXECUTE FUNCTION keep()",
      ],
    ],
    [
      "rule",
      [
        "CREATE TABLE log (email text)",
        "CREATE RULE noted AS ON INSERT TO account DO ALSO INSERT INTO log VALUES (NEW.email)",
      ],
    ],
    ["policy", ["CREATE POLICY own ON account USING (email = current_user)"]],
    ["publication", ["CREATE PUBLICATION addresses FOR TABLE account (id, email)"]],
  ],
  MariaDB: [
    ["index", ["CREATE INDEX by_email ON account (email)"]],
    ["index", ["CREATE UNIQUE INDEX email_once ON account (email)"]],
    ["default", ["ALTER TABLE account ALTER email SET DEFAULT 'none'"]],
    ["view", ["CREATE VIEW emails AS SELECT email FROM account"]],
    ["generated column", ["ALTER TABLE account ADD host varchar(20) AS (left(email, 3)) STORED"]],
    ["check", ["ALTER TABLE account ADD CONSTRAINT filled CHECK (email <> '')"]],
    [
      "trigger",
      [
        "CREATE TABLE audit (was text)",
        "CREATE TRIGGER audited AFTER UPDATE ON account FOR EACH ROW INSERT INTO audit VALUES (OLD.email)",
      ],
    ],
  ],
  SQLite: [
    ["index", ["CREATE INDEX by_email ON account (lower(email))"]],
    ["index", ["CREATE UNIQUE INDEX email_once ON account (email)"]],
    ["view", ["CREATE VIEW emails AS SELECT email FROM account"]],
    [
      "trigger",
      [
        "CREATE TABLE audit (was text)",
        "CREATE TRIGGER audited AFTER UPDATE ON account BEGIN INSERT INTO audit VALUES (OLD.email); END",
      ],
    ],
  ],
}

eachDatabase("what else the database has on a column", (db) => {
  let source: DataSource

  beforeEach(async () => {
    await db.dropAllTables()
    await db.rawRows(`CREATE TABLE account (id int NOT NULL PRIMARY KEY, email varchar(400))`)
    await db.rawRows("INSERT INTO account VALUES (1, 'ada@example.com')")
    source = await db.connect()
  })

  const usesIn = async (run: typeof encryptColumns) =>
    (await run(source, account, { ...options, dryRun: true })).uses

  test("is named by every run, each with the statement that takes it away", async () => {
    const server = db.name === "PostgreSQL" ? await versionOf(db) : Infinity
    const made = objects[db.name].filter(([kind]) => kind !== "publication" || server >= 15)
    for (const [, statements] of made) for (const sql of statements) await db.rawRows(sql)

    for (const run of [encryptColumns, indexColumns, rotateColumns, decryptColumns]) {
      expect((await usesIn(run)).map(({ kind }) => kind).toSorted()).toEqual(
        made.map(([kind]) => kind).toSorted(),
      )
    }

    for (const { remove, column } of await usesIn(encryptColumns)) {
      expect(column).toBe("account.email")
      await db.rawRows(remove ?? "")
    }
    expect(await usesIn(encryptColumns)).toEqual([])
    expect(await encryptColumns(source, account, options)).toMatchObject({ changed: 1, uses: [] })
  })

  test("is not the constraint of its own, nor what is on another column", async () => {
    if (db.name === "SQLite") return
    await db.rawRows("ALTER TABLE account ADD note varchar(20)")
    await db.rawRows("CREATE INDEX by_note ON account (note)")

    const report = await encryptColumns(source, account, { ...options, constrain: true })

    expect(report).toMatchObject({ constrained: ["account.email"], uses: [] })
    expect(await usesIn(encryptColumns)).toEqual([])
  })

  test.each(["from it", "to it"])(
    "is refused with all the rest where it is a foreign key %s",
    async (direction) => {
      await db.rawRows("CREATE UNIQUE INDEX email_once ON account (email)")
      const key = (other: string) => `FOREIGN KEY (email) REFERENCES ${other} (email)`
      await db.rawRows(
        "CREATE TABLE other (email varchar(400) NOT NULL PRIMARY KEY" +
          (direction === "to it" ? `, CONSTRAINT referred ${key("account")})` : ")"),
      )
      await db.rawRows("INSERT INTO other VALUES ('ada@example.com')")
      if (direction === "from it") await referTo(db)

      await expect(encryptColumns(source, account, options)).rejects.toMatchObject({
        code: "ERR_COLUMN_MISUSE",
        problems: [
          expect.stringMatching(/^account\.email: the foreign key .*A token refers to no row/),
          expect.stringMatching(/^account\.email: the index .*email_once.* Run .*DROP/),
          // SQLite keeps it as a text
          ...(db.name === "SQLite" && direction === "from it"
            ? ["account.email: the definition of account names it."]
            : []),
        ],
      })
      expect(await db.rawRows("SELECT email FROM account")).toEqual([{ email: "ada@example.com" }])
    },
  )

  /** SQLite declares foreign keys with their table only. */
  async function referTo(database: TestDatabase): Promise<void> {
    const key = "CONSTRAINT referring FOREIGN KEY (email) REFERENCES other (email)"
    if (database.name !== "SQLite") {
      await database.rawRows(`ALTER TABLE account ADD ${key}`)
      return
    }
    await database.rawRows("DROP TABLE account")
    await database.rawRows(`CREATE TABLE account (id int PRIMARY KEY, email varchar(400), ${key})`)
    await database.rawRows("CREATE UNIQUE INDEX email_once ON account (email)")
    await database.rawRows("INSERT INTO account VALUES (1, 'ada@example.com')")
  }

  test("is named with what keeps its type from being changed", async () => {
    if (db.name !== "PostgreSQL") return
    await db.rawRows("ALTER TABLE account ALTER email TYPE varchar(20)")
    await db.rawRows("CREATE INDEX by_email ON account (email)")
    await db.rawRows("CREATE VIEW emails AS SELECT email FROM account")

    const altered = encryptColumns(source, account, { ...options, alter: true })

    await expect(altered).rejects.toThrow(
      /view emails uses it.*DROP INDEX by_email.*DROP VIEW emails/s,
    )
    await db.rawRows("DROP VIEW emails")
  })
})

async function versionOf(db: TestDatabase): Promise<number> {
  const [row] = await db.rawRows(
    "SELECT current_setting('server_version_num')::int / 10000 AS major",
  )
  return Number(row?.major)
}
