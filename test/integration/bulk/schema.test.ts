import { beforeEach, describe, expect, test } from "@jest/globals"
import { Entity, PrimaryGeneratedColumn, type DataSource } from "typeorm"

import {
  decryptColumns,
  EncryptedColumn,
  encryptColumns,
  inspectColumns,
  Keyring,
  withEncryption,
} from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring, keys } from "../../support/keys"

@Entity()
class Supplier {
  @PrimaryGeneratedColumn()
  id!: number

  @EncryptedColumn({ constrained: true })
  iban!: string
}

@Entity({ name: "supplier" })
class UndeclaredSupplier {
  @PrimaryGeneratedColumn()
  id!: number

  @EncryptedColumn()
  iban!: string
}

eachDatabase("the definition of an encrypted table", (db) => {
  const customer = { table: "customer", columns: { phone: {} } }
  const options = { keyring } as const
  let dataSource: DataSource

  beforeEach(async () => {
    dataSource = await db.connect()
    await db.dropAllTables()
    await db.rawRows(
      "CREATE TABLE customer (id int PRIMARY KEY, phone varchar(20) NOT NULL, born date, age int)",
    )
    await db.rawRows("INSERT INTO customer VALUES (1, '555-0100', '1970-01-02', 52)")
  })

  const altersTypes = db.name !== "SQLite"
  const insert = (phone: string) =>
    db.rawRows(`INSERT INTO customer VALUES (2, '${phone}', '1970-01-02', 52)`)
  const phone = async () => (await db.rawRows("SELECT phone FROM customer"))[0]?.phone

  async function typeOf(column: string): Promise<string> {
    const described = await dataSource.createQueryRunner().getTable("customer")
    const found = described?.columns.find(({ name }) => name === column)
    return `${found?.type ?? ""}${found?.length ? `(${found.length})` : ""}`
  }

  test("is refused with the statement to run where a column is too narrow", async () => {
    if (!altersTypes) return
    const encrypting = encryptColumns(dataSource, customer, options)

    await expect(encrypting).rejects.toMatchObject({
      code: "ERR_COLUMN_MISUSE",
      message: expect.stringMatching(
        /customer\.phone is .*20\), .* needs 100 characters as a token.*ALTER TABLE .customer. /,
      ) as unknown,
    })
    expect(await phone()).toBe("555-0100")
  })

  test("is not changed by alter where a view shows the column, which is named", async () => {
    if (db.name !== "PostgreSQL") return
    await db.rawRows("CREATE VIEW callers AS SELECT phone FROM customer")

    await expect(
      encryptColumns(dataSource, customer, { ...options, alter: true }),
    ).rejects.toMatchObject({
      message: expect.stringMatching(/customer.*view callers/s) as unknown,
    })
    expect(await phone()).toBe("555-0100")
  })

  test("is changed by alter, and given back by restoreTypes", async () => {
    if (!altersTypes) return
    const encrypted = await encryptColumns(dataSource, customer, { ...options, alter: true })
    expect(encrypted.statements.filter((one) => one.includes("ALTER TABLE"))).toHaveLength(1)
    expect(keyring.decryptText(String(await phone()))).toBe("555-0100")
    expect(await typeOf("phone")).toMatch(/text/)

    const restoreTypes = { phone: "varchar(20)" }
    await decryptColumns(dataSource, customer, { ...options, restoreTypes })
    expect(await phone()).toBe("555-0100")
    expect(await typeOf("phone")).toMatch(/(?:varchar|character varying)\(20\)/)
    await expect(db.rawRows("UPDATE customer SET phone = NULL")).rejects.toMatchObject({})
  })

  describe("of which columns have their types back", () => {
    const columns = { age: { codec: "number" }, born: { codec: "string" }, phone: {} } as const
    const person = { table: "customer", columns }
    const restoreTypes = { age: "int", born: "date", phone: "char(20)" }
    const cells = () =>
      db.rawRows(`SELECT id, phone, CAST(born AS char(10)) AS born, age FROM customer ORDER BY id`)

    beforeEach(async () => {
      if (!altersTypes) return
      await encryptColumns(dataSource, person, { ...options, alter: true })
    })

    test("is decrypted again by who was killed behind it, and left as it is", async () => {
      if (!altersTypes) return
      await decryptColumns(dataSource, person, { ...options, restoreTypes })
      const before = await cells()

      const again = await decryptColumns(dataSource, person, { ...options, restoreTypes })

      expect(again).toMatchObject({
        ...{ completed: true, changed: 0, failed: 0, statements: [] },
        restored: ["customer.age", "customer.born", "customer.phone"],
      })
      expect(await cells()).toEqual(before)
    })

    test("is decrypted in the others", async () => {
      if (!altersTypes) return
      const { age } = restoreTypes
      await decryptColumns(dataSource, person, { ...options, restoreTypes: { age } })
      await encryptColumns(
        dataSource,
        { table: "customer", columns: { phone: {}, born: {} } },
        options,
      )

      const report = await decryptColumns(dataSource, person, { ...options, restoreTypes })

      expect(report).toMatchObject({ changed: 1, restored: ["customer.age"] })
      expect(Object.keys(report.columns)).toEqual(["customer.born", "customer.phone"])
      expect(await typeOf("born")).toBe("date")
    })

    test("is refused in a column of another type, or of tokens", async () => {
      if (!altersTypes) return
      const bytes = db.name === "PostgreSQL" ? "bytea" : "varbinary(200)"
      const token = keyring.encrypt("555-0100")
      await db.rawRows(
        `CREATE TABLE vendor (id int PRIMARY KEY, opened date, wide char(200), iban ${bytes})`,
      )
      await db.rawRows(`INSERT INTO vendor VALUES (1, NULL, '${token}', '${token}')`)
      const restoring = (types: Readonly<Record<string, string>>) =>
        decryptColumns(
          dataSource,
          {
            table: "vendor",
            columns: Object.fromEntries(Object.keys(types).map((name) => [name, {}])),
          },
          { ...options, restoreTypes: types },
        )

      for (const [name, type] of [
        ["opened", "int"],
        ["wide", "char(200)"],
        ["iban", bytes],
      ] as const) {
        await expect(restoring({ [name]: type })).rejects.toThrow(/, which is not text/)
      }
    })
  })

  test("is not changed with the wrong keys", async () => {
    if (!altersTypes) return
    await db.rawRows("CREATE TABLE vendor (id int PRIMARY KEY, iban text, phone varchar(20))")
    const [token] = [new Keyring([keys.second]).encrypt("DE02120300000000202051")]
    await db.rawRows(`INSERT INTO vendor VALUES (1, '${token}', '555-0100')`)
    const vendor = { table: "vendor", columns: { iban: {}, phone: {} } }
    const encrypting = encryptColumns(dataSource, vendor, { ...options, alter: true })

    await expect(encrypting).rejects.toMatchObject({ code: "ERR_KEY_INVALID" })
    const described = await dataSource.createQueryRunner().getTable("vendor")
    expect(described?.findColumnByName("phone")?.length).toBe("20")
  })

  test("is changed from other types to text that the codecs read", async () => {
    if (!altersTypes) return
    const columns = { born: { codec: "date" }, age: { codec: "number" } } as const
    await encryptColumns(dataSource, { table: "customer", columns }, { ...options, alter: true })

    const [row] = await db.rawRows("SELECT born, age FROM customer")
    expect(keyring.decryptText(String(row?.born))).toBe("1970-01-02")
    expect(keyring.decryptText(String(row?.age))).toBe("52")
  })

  test("keeps plaintext out with constrain, until the table is decrypted", async () => {
    if (!altersTypes) return
    const constraining = { ...options, alter: true, constrain: true }
    const report = await encryptColumns(dataSource, customer, constraining)
    expect(report.constrained).toEqual(["customer.phone"])
    await expect(insert("555-0101")).rejects.toMatchObject({})
    await insert(keyring.encrypt("555-0101"))
    expect((await inspectColumns(dataSource, customer, options)).constrained).toHaveLength(1)
    expect((await encryptColumns(dataSource, customer, constraining)).statements).toEqual([])

    const decrypted = await decryptColumns(dataSource, customer, options)
    expect(decrypted.constrained).toEqual([])
    expect(decrypted.changed).toBe(2)
  })

  test("has a CHECK of the right name that lets plaintext in: it is named, and replaced", async () => {
    if (!altersTypes) return
    const constraining = { ...options, alter: true, constrain: true }
    const { statements } = await encryptColumns(dataSource, customer, constraining)
    const [, name = ""] = /ADD CONSTRAINT (\S+)/.exec(statements.join()) ?? []
    await db.rawRows(`ALTER TABLE customer DROP CONSTRAINT ${name}`)
    await db.rawRows(`ALTER TABLE customer ADD CONSTRAINT ${name} CHECK (phone <> 'x')`)

    const found = await inspectColumns(dataSource, customer, options)
    expect(found).toMatchObject({
      constrained: [],
      drift: [expect.stringMatching(/phone_.*_is_token is not the one/)],
    })
    const replaced = await encryptColumns(dataSource, customer, constraining)
    expect(replaced).toMatchObject({ constrained: ["customer.phone"], drift: [] })
    await expect(insert("555-0101")).rejects.toMatchObject({})
  })

  test("has a CHECK for each of two columns whose long names begin alike", async () => {
    if (!altersTypes) return
    const names = ["phone_at_home", "phone_at_work"].map((end) => `${"long_".repeat(9)}${end}`)
    const columns = names.map((name) => `${name} text`)
    await db.rawRows(`CREATE TABLE contact (id int PRIMARY KEY, ${columns.join(", ")})`)
    await db.rawRows("INSERT INTO contact VALUES (1, '555-0100', '555-0101')")
    const contact = {
      table: "contact",
      columns: Object.fromEntries(names.map((name) => [name, {}])),
    }

    const report = await encryptColumns(dataSource, contact, { ...options, constrain: true })

    expect(report.constrained).toEqual(names.map((name) => `contact.${name}`))
    for (const name of names) {
      await expect(db.rawRows(`UPDATE contact SET ${name} = 'x'`)).rejects.toMatchObject({})
    }
  })

  test("is not given a CHECK whose name another column has, which keeps its own", async () => {
    // MySQL does not rename a column that a CHECK is about
    if (!altersTypes || db.options().type === "mysql") return
    const constraining = { ...options, alter: true, constrain: true }
    await encryptColumns(dataSource, customer, constraining)
    await db.rawRows("ALTER TABLE customer RENAME COLUMN phone TO mobile")
    await db.rawRows("ALTER TABLE customer ADD phone text")

    const constrained = encryptColumns(dataSource, customer, constraining)
    await expect(constrained).rejects.toThrow(
      /phone_.*_is_token is about another column.*DROP CONSTRAINT/,
    )
    await expect(db.rawRows("UPDATE customer SET mobile = 'x'")).rejects.toMatchObject({})
    expect(await decryptColumns(dataSource, customer, options)).toMatchObject({ statements: [] })
  })

  test("is not constrained while plaintext is left", async () => {
    const columns = { phone: { codec: "number" } } as const
    const target = { table: "customer", columns }
    const toText = db.name === "MariaDB" ? "MODIFY phone text" : "ALTER phone TYPE text"
    if (altersTypes) await db.rawRows(`ALTER TABLE customer ${toText}`)
    const options = { keyring, constrain: true }
    const report = await encryptColumns(dataSource, target, options)

    expect(report).toMatchObject({ failed: 1, constrained: [] })
  })

  test("is left alone by a dry run, which says what it would change and whom that keeps waiting", async () => {
    if (!altersTypes) return
    const columns = { phone: {}, age: { codec: "number" } } as const
    const target = { table: "customer", columns }
    const dryRun = { ...options, alter: true, constrain: true, dryRun: true }

    const report = await encryptColumns(dataSource, target, dryRun)
    expect(report).toMatchObject({ changed: 1, failed: 0, statements: [], constrained: [] })
    expect(report.columns["customer.age"]?.before).toMatchObject({ plaintext: 1 })
    expect(report.bytes).toBeGreaterThan(0)
    const planned = report.planned ?? []
    expect(planned.map(({ sql }) => sql).join()).toMatch(
      /ALTER TABLE .*ADD CONSTRAINT .*phone.*CHECK/s,
    )
    const isPostgres = db.name === "PostgreSQL"
    expect(planned[0]?.lock).toMatch(isPostgres ? /rewrites .* everyone out/ : /keeps writers out/)
    expect(await typeOf("phone")).toMatch(/20/)
    const made = await encryptColumns(dataSource, target, { ...dryRun, dryRun: false })
    expect(made.statements).toEqual(planned.map(({ sql }) => sql))
    expect(made.planned).toBeUndefined()
  })

  test("says that a longer varchar costs PostgreSQL a moment only", async () => {
    if (db.name !== "PostgreSQL") return
    const report = await encryptColumns(dataSource, customer, {
      ...options,
      alter: true,
      dryRun: true,
    })

    expect(report.planned).toEqual([
      { sql: expect.stringContaining("TYPE text"), lock: "keeps everyone out for a moment" },
    ])
  })

  test("is given the type that a description names, in whatever spelling", async () => {
    if (!altersTypes) return
    const typed = { table: "customer", columns: { phone: { type: "VARCHAR( 300 )" } } }
    await encryptColumns(dataSource, typed, { ...options, alter: true })

    expect(await typeOf("phone")).toMatch(/(?:varchar|character varying)\(300\)/)
    const { drift } = await inspectColumns(dataSource, typed, options)
    expect(drift).toEqual([])
  })

  test("cannot be changed on SQLite, which says so", async () => {
    if (altersTypes) return
    const constraining = encryptColumns(dataSource, customer, { ...options, constrain: true })
    await expect(constraining).rejects.toThrow(/adds no constraint/)

    await encryptColumns(dataSource, customer, options)
    const encrypted = await db.rawRows("SELECT * FROM customer ORDER BY id")
    const restoreTypes = { phone: "varchar(20)" }
    const restoring = decryptColumns(dataSource, customer, { ...options, restoreTypes })
    await expect(restoring).rejects.toThrow(/cannot be given the type varchar\(20\) again/)
    // Before anything is decrypted
    expect(await db.rawRows("SELECT * FROM customer ORDER BY id")).toEqual(encrypted)
  })

  test("is not constrained for a part of the table", async () => {
    const partly = { ...options, constrain: true, where: "t.id = 1" }

    await expect(encryptColumns(dataSource, customer, partly)).rejects.toThrow(TypeError)
  })

  test("keeps the constraint that its column declares through TypeORM's schema commands", async () => {
    const bind = (source: DataSource) => withEncryption(source, { keyring })
    await db.connect({ entities: [UndeclaredSupplier], synchronize: true }, bind)
    const suppliers = await db.connect({ entities: [Supplier], synchronize: true }, bind)
    if (altersTypes) await encryptColumns(suppliers, Supplier, { constrain: true })
    await suppliers.synchronize()
    await suppliers.getRepository(Supplier).save({ iban: "DE02120300000000202051" })

    expect((await suppliers.driver.createSchemaBuilder().log()).upQueries).toEqual([])
    const { constrained } = await inspectColumns(suppliers, Supplier)
    expect(constrained).toEqual(altersTypes ? ["Supplier.iban"] : [])
  })

  test("has the CHECK that its column declares, and no other under its name, from the schema step", async () => {
    if (db.name !== "PostgreSQL") return
    const bind = (source: DataSource) => withEncryption(source, { keyring, plaintext: "allow" })
    await db.connect({ entities: [UndeclaredSupplier], synchronize: true }, bind)
    await db.rawRows("INSERT INTO supplier (iban) VALUES ('DE02')")
    const suppliers = await db.connect({ entities: [Supplier] }, bind)

    await expect(suppliers.synchronize()).rejects.toThrow(/Supplier\.iban is constrained and holds/)
    const { statements } = await encryptColumns(suppliers, Supplier, { constrain: true })
    const [, name = ""] = /ADD CONSTRAINT (\S+)/.exec(statements.join()) ?? []
    await db.rawRows(`ALTER TABLE supplier DROP CONSTRAINT ${name}`)
    await db.rawRows(`ALTER TABLE supplier ADD CONSTRAINT ${name} CHECK (iban <> 'x')`)
    await suppliers.synchronize()

    expect((await inspectColumns(suppliers, Supplier)).constrained).toEqual(["Supplier.iban"])
    expect((await suppliers.driver.createSchemaBuilder().log()).upQueries).toEqual([])
  })
})
