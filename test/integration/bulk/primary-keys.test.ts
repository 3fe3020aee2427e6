import { beforeEach, expect, test } from "@jest/globals"
import type { DataSource } from "typeorm"

import { decryptColumns, encryptColumns } from "../../../src"
import type { DatabaseName } from "../../support/database-names"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { open } from "../stored"

/** A primary key: how it is declared, and SQL literals for its values. */
interface PrimaryKey {
  readonly columns: Readonly<Record<string, string>>
  readonly values: readonly (readonly string[])[]
  readonly before?: string
}

const one = (type: string, ...values: string[]): PrimaryKey => ({
  columns: { id: type },
  values: values.map((value) => [value]),
})

const quoted = (...values: string[]): string[] => values.map((value) => `'${value}'`)

const uuids = quoted(
  "ffffffff-0000-4000-8000-000000000001",
  "00000000-0000-4000-8000-000000000002",
  "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
)
const moments = quoted(
  "2024-02-29 23:59:59.999999",
  "2024-02-29 23:59:59.999998",
  "1970-01-01 00:00:00.000001",
)
const words = quoted("b", "a", "É", "f", "Z", "10", "9", " x", "o''clock", "back\\\\slash", "")
const bigints = ["9007199254740993", "9007199254740992", "-9223372036854775808", "1"]
const decimals = ["0.10", "123456789012345678.99", "-7.25"]

const everywhere: Readonly<Record<string, PrimaryKey>> = {
  integer: one("int", "3", "-1", "2147483647"),
  "bigint beyond 2^53": one("bigint", ...bigints),
  decimal: one("decimal(20, 2)", ...decimals),
  text: one("varchar(50)", ...words),
  composite: {
    columns: { tenant: "int", code: "varchar(20)" },
    values: [2, 1, 3].flatMap((n) => quoted("x", "b", "A").map((code) => [String(n), code])),
  },
}

const particular: Readonly<Record<DatabaseName, Readonly<Record<string, PrimaryKey>>>> = {
  PostgreSQL: {
    uuid: one("uuid", ...uuids),
    "timestamp with microseconds": one("timestamp", ...moments),
    "instant with microseconds": one("timestamptz", ...moments),
    "text of fixed length": one("char(5)", ...quoted("a", "b ", "ccccc")),
    "text in a collation": one('varchar(50) COLLATE "en-x-icu"', ...words),
    "text in a nondeterministic collation": {
      ...one("text COLLATE ignoring_case", ...words),
      before:
        "CREATE COLLATION IF NOT EXISTS ignoring_case " +
        "(provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    },
    enum: {
      ...one("mood", ...quoted("sad", "ok", "happy")),
      before: "DROP TYPE IF EXISTS mood; CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')",
    },
    "binary data": one("bytea", "'\\x00ff'", "'\\x'", "'\\xc3a9'"),
    "double precision": one("double precision", "0.1", "1e300", "-3.0000000000000004"),
    real: one("real", "0.1", "16777217", "0.7", "0.70000005", "-3.0000002"),
    bits: one("bit(8)", "B'00000001'", "B'11111111'", "B'00000000'"),
  },
  MariaDB: {
    "uuid of type uuid": one("uuid", ...uuids),
    "binary uuid": one("binary(16)", ...uuids.map((id) => `unhex(replace(${id}, '-', ''))`)),
    "unsigned bigint": one("bigint unsigned", "18446744073709551615", "9223372036854775808", "0"),
    "datetime with microseconds": one("datetime(6)", ...moments),
    "text that is compared by its bytes": one("varchar(50) COLLATE utf8mb4_bin", ...words),
    "text in another collation": one("varchar(50) COLLATE utf8mb4_swedish_ci", "'a'", "'Ä'", "'ö'"),
    "text in another character set": one("varchar(50) CHARACTER SET latin1", "'a'", "'É'", "'z'"),
    "enum, ordered by number": one("enum('z', 'b', 'a')", "'z'", "'b'", "'a'"),
    float: one("float", "0.1", "0.3333333", "16777250", "0.7", "0.70000005", "-3.0000002"),
    double: one("double", "0.1", "1e300", "-3.0000000000000004", "-3"),
    bits: one("bit(8)", "b'00000001'", "b'11111111'", "b'0'"),
    date: one("date", "'2024-02-29'", "'1000-01-01'", "'1999-12-31'"),
  },
  SQLite: {
    "binary data": one("blob", "x'00ff'", "x''", "x'c3a9'"),
    "text without case": one("text COLLATE NOCASE", "'b'", "'A'", "'c'"),
    real: one("real", "0.1", "1e300", "-3.0000000000000004"),
  },
}

eachDatabase("a primary key", (db) => {
  let source: DataSource

  beforeEach(async () => {
    await db.dropAllTables()
    source = await db.connect()
  })

  async function create({ columns, values, before = "" }: PrimaryKey): Promise<void> {
    for (const statement of before.split(";")) if (statement) await db.rawRows(statement)
    const names = Object.keys(columns)
    const definitions = names.map((name) => `${name} ${columns[name] ?? ""} NOT NULL`)
    await db.rawRows(
      `CREATE TABLE visit (${definitions.join(", ")}, diagnosis text, PRIMARY KEY (${names.join(", ")}))`,
    )
    for (const [i, key] of values.entries()) {
      await db.rawRows(`INSERT INTO visit VALUES (${key.join(", ")}, 'diagnosis ${i}')`)
    }
  }

  const stored = async (): Promise<unknown[]> =>
    (await db.rawRows("SELECT diagnosis FROM visit")).map(({ diagnosis }) => diagnosis)

  const own = particular[db.name]
  test.each(Object.entries({ ...everywhere, ...own }))("may be of type %s", async (type, key) => {
    const visits = { table: "visit", columns: { diagnosis: {} } }
    // MySQL has no such type
    if (type === "uuid of type uuid" && db.options().type === "mysql") return
    await create(key)
    const plain = await stored()

    const encrypted = await encryptColumns(source, visits, { keyring, batchSize: 1 })
    const tokens = await stored()
    await decryptColumns(source, visits, { keyring, batchSize: 2, concurrency: 1 })

    expect(tokens.map(open).sort()).toEqual([...plain].sort())
    expect([...(await stored())].sort()).toEqual([...plain].sort())
    const count = key.values.length
    expect(encrypted).toMatchObject({ changed: count, raced: 0, failed: 0 })
    expect(encrypted.columns["visit.diagnosis"]).toMatchObject({
      before: { plaintext: count, current: 0 },
      after: { plaintext: 0, current: count },
    })
  })

  test("may be another unique key that is named", async () => {
    await db.rawRows("CREATE TABLE visit (code varchar(20) NOT NULL UNIQUE, diagnosis text)")
    await db.rawRows("INSERT INTO visit VALUES ('a', 'flu'), ('b', 'cold')")
    const visits = { table: "visit", primaryKey: "code", columns: { diagnosis: {} } }

    await encryptColumns(source, visits, { keyring, batchSize: 1 })

    expect((await stored()).map(open).sort()).toEqual(["cold", "flu"])
  })

  test("has to be unique, or rows would be skipped", async () => {
    await db.rawRows("CREATE TABLE visit (id int PRIMARY KEY, day int NOT NULL, diagnosis text)")
    await db.rawRows("INSERT INTO visit VALUES (1, 7, 'flu'), (2, 7, 'cold')")
    const visits = { table: "visit", primaryKey: "day", columns: { diagnosis: {} } }

    await expect(encryptColumns(source, visits, { keyring })).rejects.toMatchObject({
      code: "ERR_COLUMN_MISUSE",
      message: expect.stringContaining("visit has rows with equal values in day") as unknown,
    })
    expect((await stored()).sort()).toEqual(["cold", "flu"])
  })

  test("may be columns that nothing but the description says are unique", async () => {
    await db.rawRows("CREATE TABLE visit (day int NOT NULL, room int NOT NULL, diagnosis text)")
    await db.rawRows("INSERT INTO visit VALUES (1, 7, 'flu'), (2, 7, 'cold'), (2, 8, 'ache')")
    const visits = { table: "visit", primaryKey: ["day", "room"], columns: { diagnosis: {} } }

    const report = await encryptColumns(source, visits, { keyring, batchSize: 1 })
    const encrypted = await stored()
    await decryptColumns(source, visits, { keyring, batchSize: 1 })

    expect(report).toMatchObject({ completed: true, changed: 3, failed: 0 })
    expect(encrypted.map(open).sort()).toEqual(["ache", "cold", "flu"])
    expect((await stored()).sort()).toEqual(["ache", "cold", "flu"])
  })

  test("has to be there", async () => {
    await db.rawRows("CREATE TABLE visit (day int, diagnosis text)")
    const visits = { table: "visit", columns: { diagnosis: {} } }

    await expect(encryptColumns(source, visits, { keyring })).rejects.toMatchObject({
      code: "ERR_COLUMN_MISUSE",
      message: expect.stringMatching(/visit has no primary key .*Describe it with/) as unknown,
    })
  })

  test("holds no NULL, since no row comes after one", async () => {
    await db.rawRows("CREATE TABLE visit (code varchar(20) UNIQUE, diagnosis text)")
    await db.rawRows("INSERT INTO visit VALUES ('a', 'flu'), (NULL, 'cold')")
    const visits = { table: "visit", primaryKey: "code", columns: { diagnosis: {} } }

    await expect(encryptColumns(source, visits, { keyring })).rejects.toMatchObject({
      code: "ERR_COLUMN_MISUSE",
      message: expect.stringContaining("NULL in code") as unknown,
    })
    expect([...(await stored())].sort()).toEqual(["cold", "flu"])
  })

  if (db.name === "PostgreSQL") {
    test("is told by all of its digits, however many the session shows", async () => {
      await create(one("double precision", "3.0000000000000004", "3", "2.9999999999999996"))
      const lossy = await db.connect({ extra: { options: "-c extra_float_digits=0" } })
      const visits = { table: "visit", columns: { diagnosis: {} } }

      const report = await encryptColumns(lossy, visits, { keyring, batchSize: 1 })

      expect(report).toMatchObject({ rows: 3, changed: 3, failed: 0 })
    })
  }

  if (db.name !== "SQLite") return

  test("that comes after itself ends the run, which would read it for ever", async () => {
    await db.rawRows("CREATE TABLE visit (code text PRIMARY KEY NOT NULL, diagnosis text)")
    await db.rawRows("INSERT INTO visit VALUES ('a', 'flu'), (CAST(x'61ff62' AS text), 'cold')")
    const visits = { table: "visit", columns: { diagnosis: {} } }
    const options = { keyring, batchSize: 1, onProgress: atMost(10) }

    await expect(encryptColumns(source, visits, options)).rejects.toMatchObject({
      code: "ERR_COLUMN_MISUSE",
      message: expect.stringContaining("cannot be read in the order of code") as unknown,
    })
  })
})

/** Ends a run that would not end. */
function atMost(batches: number): () => void {
  let seen = 0
  return () => {
    if (++seen > batches) throw new Error("The run goes on and on.")
  }
}
