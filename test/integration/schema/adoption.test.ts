import { beforeEach, expect, test } from "@jest/globals"
import { Column, type DataSource, Entity, PrimaryColumn, Table, TableColumn } from "typeorm"

import { decryptColumns, encryptColumns, EncryptedColumn, withEncryption } from "../../../src"
import { eachDatabase, type ExtraOptions, type TestDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"

@Entity("patient")
class Plain {
  @PrimaryColumn() id!: number
  @Column({ type: "varchar", length: 80, nullable: true, default: "none" }) phone!: string | null
  @Column({ type: "varchar", length: 60 }) iban!: string
}

@Entity("patient")
class Encrypted {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true }) phone!: string | null
  @EncryptedColumn({ type: "varchar", length: 255, blindIndex: true }) iban!: string
}

@Entity("patient")
class Wider {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, type: "varchar", length: 400 }) phone!: string | null
  @EncryptedColumn({ blindIndex: { bits: 64 } }) iban!: string
}

@Entity("patient")
class Unencrypted {
  @PrimaryColumn() id!: number
  @Column({ type: "varchar", length: 80, nullable: true }) phone!: string | null
  @Column({ type: "varchar", length: 255 }) iban!: string
}

@Entity("patient")
class WithoutPhone {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ type: "varchar", length: 255, blindIndex: true }) iban!: string
}

@Entity("patient")
class WithNotes {
  @PrimaryColumn() id!: number
  @Column({ type: "text", nullable: true }) notes!: string | null
}

@Entity("patient")
class WithSecret {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true }) secret!: string | null
}

@Entity("patient")
class Numbered {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true, codec: "number" }) phone!: string | null
  @EncryptedColumn({ codec: "date" }) iban!: string
}

const bind = (source: DataSource) => withEncryption(source, { keyring, plaintext: "allow" })
const bound = (db: TestDatabase, options: ExtraOptions) => db.connect(options, bind)

async function generated(source: DataSource): Promise<{ up: string[]; down: string[] }> {
  const { upQueries, downQueries } = await source.driver.createSchemaBuilder().log()
  return {
    up: upQueries.map(({ query }) => query),
    down: downQueries.map(({ query }) => query).toReversed(),
  }
}

async function run(source: DataSource, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await source.query(statement)
}

eachDatabase("a filled column that becomes encrypted", (db) => {
  const rows = () => db.rawRows("SELECT id, phone, iban FROM patient ORDER BY id")

  beforeEach(async () => {
    await db.dropAllTables()
    const before = await db.connect({ entities: [Plain], synchronize: true })
    await before.manager.save(Plain, [
      { id: 1, phone: "+1 555 0100", iban: "DE02 1203" },
      { id: 2, phone: null, iban: "ünïcode  " },
    ])
  })

  test("keeps every value through synchronize, and shows no drift", async () => {
    const before = await rows()
    const source = await bound(db, { entities: [Encrypted], synchronize: true })

    expect(await rows()).toEqual(before)
    expect((await generated(source)).up).toEqual([])
  })

  test("keeps every value through a generated migration and back", async () => {
    const before = await rows()
    const source = await bound(db, { entities: [Encrypted] })
    const { up, down } = await generated(source)

    await run(source, up)
    expect(await rows()).toEqual(before)
    expect((await generated(source)).up).toEqual([])
    await encryptColumns(source, Encrypted)
    expect(await source.manager.findOneByOrFail(Encrypted, { iban: "ünïcode  " })).toMatchObject({
      id: 2,
      phone: null,
    })
    await decryptColumns(source, Encrypted)
    await run(source, down)

    expect(await rows()).toEqual(before)
    expect((await generated(await db.connect({ entities: [Plain] }))).up).toEqual([])
  })

  test("does not go back while it holds tokens", async () => {
    const source = await bound(db, { entities: [Encrypted] })
    const { up, down } = await generated(source)
    await run(source, up)
    await encryptColumns(source, Encrypted)
    const encrypted = await rows()

    await expect(run(source, down)).rejects.toThrow()
    expect(await rows()).toEqual(encrypted)
  })

  test("keeps its tokens when it is widened, narrowed, or its index shortened", async () => {
    const source = await bound(db, { entities: [Encrypted], synchronize: true })
    await encryptColumns(source, Encrypted)
    const encrypted = await rows()
    const wider = await bound(db, { entities: [Wider] })
    const { up, down } = await generated(wider)
    await run(wider, up)

    expect(await rows()).toEqual(encrypted)
    expect((await generated(wider)).up).toEqual([])
    expect(await wider.manager.countBy(Wider, { iban: "DE02 1203" })).toBe(1)
    await run(wider, down)
    expect(await rows()).toEqual(encrypted)
    expect((await generated(source)).up).toEqual([])
  })

  test("is refused before any statement, with everything that is in the way", async () => {
    const before = await rows()
    const refused = bound(db, { entities: [Numbered], synchronize: true })

    await expect(refused).rejects.toMatchObject({
      code: "ERR_COLUMN_MISUSE",
      problems: [
        expect.stringMatching(/^Numbered\.phone is .*1 of its values are none that the codec/),
        expect.stringMatching(/^Numbered\.iban is .*2 of its values are none that the codec/),
      ],
    })
    const source = await bound(db, { entities: [Numbered] })
    await expect(generated(source)).rejects.toMatchObject({ code: "ERR_COLUMN_MISUSE" })
    expect(await rows()).toEqual(before)
  })

  test("is refused where something depends on it, by name", async () => {
    if (db.name === "SQLite") return
    const dependents =
      db.name === "PostgreSQL"
        ? ["CREATE VIEW phones AS SELECT phone FROM patient"]
        : ["ALTER TABLE patient ADD CONSTRAINT reachable CHECK (phone <> 'x')"]
    for (const statement of dependents) await db.rawRows(statement)
    const before = await rows()

    await expect(bound(db, { entities: [Encrypted], synchronize: true })).rejects.toThrow(
      /Encrypted\.phone is .*cannot be changed, since .*(?:view phones uses|CHECK reachable uses) it/,
    )
    expect(await rows()).toEqual(before)
    if (db.name === "PostgreSQL") await db.rawRows("DROP VIEW phones")
  })

  test("is not given the values of a column that was removed", async () => {
    await db.dropAllTables()
    const before = await db.connect({ entities: [WithNotes], synchronize: true })
    await before.manager.save(WithNotes, { id: 1, notes: "a note" })
    const source = await bound(db, { entities: [WithSecret] })

    await expect(source.synchronize()).rejects.toThrow(/TypeORM would take the one for the other/)
    expect(await db.rawRows("SELECT * FROM patient")).toEqual([{ id: 1, notes: "a note" }])
    await db.rawRows("DELETE FROM patient")
    await source.synchronize()
    expect((await generated(source)).up).toEqual([])
  })

  test("cannot leave the model, or its encryption, with its tokens", async () => {
    const source = await bound(db, { entities: [Encrypted], synchronize: true })
    await encryptColumns(source, Encrypted)
    const encrypted = await rows()

    for (const entities of [[WithoutPhone], [Unencrypted]]) {
      const leaving = await bound(db, { entities })
      await expect(leaving.synchronize()).rejects.toThrow(/patient\.phone holds tokens/)
      await expect(generated(leaving)).rejects.toThrow(/typeorm-fernet column:decrypt/)
    }
    // Of the same type, so that TypeORM itself would change nothing
    const leaving = await bound(db, { entities: [Unencrypted] })
    await expect(leaving.synchronize()).rejects.toThrow(/patient\.iban .* read as tokens/)
    expect(await rows()).toEqual(encrypted)
  })

  test("cannot leave the model with one token behind many texts that begin like one", async () => {
    const source = await bound(db, { entities: [Encrypted], synchronize: true })
    const text = "g".repeat(120)
    const texts = Array.from({ length: 150 }, (_, i) => `(${i + 100}, '${text}', 'IBAN ${i}')`)
    await db.rawRows(`INSERT INTO patient (id, phone, iban) VALUES ${texts.join()}`)
    await source.manager.save(Encrypted, { id: 1000, phone: "555", iban: "DE" })

    const leaving = await bound(db, { entities: [WithoutPhone] })

    await expect(leaving.synchronize()).rejects.toThrow(/patient\.phone holds tokens/)
  })

  // Only there are columns of text that keep bytes as such
  if (db.name === "SQLite") {
    test("cannot leave the model with tokens that were stored as bytes", async () => {
      const source = await bound(db, { entities: [Encrypted], synchronize: true })
      await source.manager.save(Encrypted, { id: 1, phone: "555", iban: "DE" })
      await db.rawRows("UPDATE patient SET phone = CAST(phone AS BLOB) WHERE id = 1")

      const leaving = await bound(db, { entities: [WithoutPhone] })

      await expect(leaving.synchronize()).rejects.toThrow(/patient\.phone holds tokens/)
    })
  }

  test("cannot leave its encryption with one token behind a thousand plaintexts", async () => {
    const source = await bound(db, { entities: [Encrypted], synchronize: true })
    const texts = Array.from({ length: 1_500 }, (_, i) => `(${i + 100}, NULL, 'IBAN ${i}')`)
    await db.rawRows(`INSERT INTO patient (id, phone, iban) VALUES ${texts.join()}`)
    await source.manager.save(Encrypted, { id: 5000, phone: null, iban: "DE" })

    const leaving = await bound(db, { entities: [Unencrypted] })

    await expect(leaving.synchronize()).rejects.toThrow(/patient\.iban .* read as tokens/)
  })

  test("is not narrowed to where its tokens would not fit", async () => {
    const long = "x".repeat(200)
    await db.rawRows(
      db.name === "SQLite"
        ? "UPDATE patient SET phone = NULL"
        : "ALTER TABLE patient " +
            (db.name === "PostgreSQL" ? "ALTER iban TYPE text" : "MODIFY iban text NOT NULL"),
    )
    await db.rawRows(`UPDATE patient SET iban = '${long}' WHERE id = 1`)
    const synchronized = bound(db, { entities: [Encrypted], synchronize: true })

    if (db.name === "SQLite") {
      // It holds any text in any column
      await synchronized
      return
    }
    await expect(synchronized).rejects.toThrow(
      /Encrypted\.iban is text, and 1 of its values do not fit into .*\(255\) as tokens/,
    )
    expect((await rows())[0]).toMatchObject({ iban: long })
  })

  test("cannot be dropped or changed by a migration while it holds tokens", async () => {
    const source = await bound(db, { entities: [Encrypted], synchronize: true })
    await source.manager.save(Encrypted, { id: 3, phone: "555", iban: "DE" })
    const held = await rows()
    const leaving = await bound(db, { entities: [Unencrypted] })
    const runner = leaving.createQueryRunner()
    const text = new TableColumn({ name: "phone", type: "varchar", length: "80", isNullable: true })

    await expect(runner.dropColumn("patient", "phone")).rejects.toThrow(/phone holds tokens/)
    await expect(runner.dropColumns("patient", ["phone"])).rejects.toThrow(/phone holds tokens/)
    await expect(runner.changeColumn("patient", "phone", text)).rejects.toThrow(/holds tokens/)
    await runner.release()
    expect(await rows()).toEqual(held)
  })

  test("is converted by a migration that changes it by hand", async () => {
    const before = await rows()
    const source = await bound(db, { entities: [Encrypted] })
    const runner = source.createQueryRunner()
    const text = new TableColumn({ name: "phone", type: "text", isNullable: true })
    await runner.changeColumn("patient", "phone", text)
    const column = (await runner.getTable("patient"))?.findColumnByName("phone")
    await runner.release()

    expect(column?.type).toBe("text")
    expect(await rows()).toEqual(before)
  })

  test("is left to TypeORM in tables that no entity has", async () => {
    const source = await bound(db, { entities: [Encrypted] })
    const runner = source.createQueryRunner()
    const columns = ["a", "b"].map((name) => ({ name, type: "varchar", length: "80" }))
    await runner.createTable(new Table({ name: "other", columns }))
    await runner.changeColumn("other", "a", new TableColumn({ name: "a", type: "text" }))
    await runner.dropColumn("other", "b")

    expect((await runner.getTable("other"))?.columns).toMatchObject([{ name: "a", type: "text" }])
    await runner.release()
  })
})
