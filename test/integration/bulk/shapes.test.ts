import { expect, test } from "@jest/globals"
import {
  ChildEntity,
  Column,
  Entity,
  PrimaryColumn,
  PrimaryGeneratedColumn,
  TableInheritance,
  UpdateDateColumn,
  VersionColumn,
  type DataSource,
  type EntityTarget,
  type ObjectLiteral,
} from "typeorm"

import { decryptColumns, EncryptedColumn, encryptColumns, withEncryption } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { open, rowsOf } from "../stored"

class Address {
  @EncryptedColumn() street!: string
  @EncryptedColumn({ name: "Zip" }) zip!: string
}

@Entity()
class Resident {
  @PrimaryGeneratedColumn() id!: number
  @Column(() => Address) home!: Address
  @EncryptedColumn({ codec: "number", nullable: true }) income?: number | null
}

@Entity()
@TableInheritance({ column: { type: "varchar", name: "kind" } })
abstract class Staff {
  @PrimaryGeneratedColumn() id!: number
  @EncryptedColumn() ssn!: string
}

@ChildEntity()
class Nurse extends Staff {
  @EncryptedColumn({ nullable: true }) license?: string
}

@ChildEntity()
class Doctor extends Staff {
  @EncryptedColumn({ nullable: true }) approbation?: string
}

@Entity({ name: "Select" })
class Reserved {
  @PrimaryColumn({ type: "int", name: "Order" }) id!: number
  @EncryptedColumn({ name: "From, Where?" }) from!: string
}

@Entity()
class Record {
  @PrimaryGeneratedColumn() id!: number
  @EncryptedColumn() text!: string
  @UpdateDateColumn() updatedAt!: Date
  @VersionColumn() version!: number
}

eachDatabase("bulk commands", (db) => {
  const connect = (...entities: EntityTarget<ObjectLiteral>[]): Promise<DataSource> =>
    db.connect({ entities: entities as never, synchronize: true, dropSchema: true }, (unbound) =>
      withEncryption(unbound, { keyring }),
    )
  const residents = async (): Promise<DataSource> => {
    const source = await connect(Resident)
    const zip = db.escape("homeZip")
    for (const [street, code] of [
      ["Elm 1", "10115"],
      ["Oak 2", "20095"],
    ] as const) {
      await db.rawRows(
        `INSERT INTO resident (${db.escape("homeStreet")}, ${zip}, income) ` +
          `VALUES ('${street}', '${code}', '2.5')`,
      )
    }
    return source
  }

  test("take embedded properties and several columns of one row", async () => {
    const source = await residents()

    const report = await encryptColumns(source, Resident)

    const found = await source.getRepository(Resident).find({ order: { id: "ASC" } })
    expect(found).toMatchObject([
      { home: { street: "Elm 1", zip: "10115" }, income: 2.5 },
      { home: { street: "Oak 2", zip: "20095" }, income: 2.5 },
    ])
    expect(report.changed).toBe(2)
    expect(Object.keys(report.columns).sort()).toEqual([
      ...["Resident.home.street", "Resident.home.zip", "Resident.income"],
    ])
  })

  test("take some properties of an entity", async () => {
    const source = await residents()

    await encryptColumns(source, { entity: Resident, properties: ["home.zip", "home.zip"] })

    const [row] = await rowsOf(db, "resident")
    expect(open(row?.homeZip)).toBe("10115")
    expect(row).toMatchObject({ homeStreet: "Elm 1", income: "2.5" })
  })

  test("are restricted by a condition on the table", async () => {
    const source = await residents()

    await encryptColumns(source, Resident, { where: "t.id > 1 AND t.income <> 'a?b'" })

    const [first, second] = await rowsOf(db, "resident")
    expect(first).toMatchObject({ homeStreet: "Elm 1" })
    expect(open(second?.homeStreet)).toBe("Oak 2")
  })

  test("take the columns of all entities in a table by its root", async () => {
    const source = await connect(Staff, Nurse, Doctor)
    await db.rawRows(
      "INSERT INTO staff (kind, ssn, license, approbation) " +
        "VALUES ('Nurse', '1', 'N', NULL), ('Doctor', '2', NULL, 'D')",
    )

    await encryptColumns(source, Staff)

    const rows = await rowsOf(db, "staff")
    expect(rows.map((row) => [open(row.ssn), open(row.license), open(row.approbation)])).toEqual([
      ...[
        ["1", "N", null],
        ["2", null, "D"],
      ],
    ])
    await expect(source.getRepository(Doctor).find()).resolves.toMatchObject([{ approbation: "D" }])
  })

  test("take names that are reserved, quoted or capitalized", async () => {
    const source = await connect(Reserved)
    const [table, from] = [db.escape("Select"), db.escape("From, Where?")]
    await db.rawRows(`INSERT INTO ${table} VALUES (1, 'here'), (2, 'there')`)

    await encryptColumns(source, Reserved, { batchSize: 1 })

    const rows = await db.rawRows(`SELECT ${from} AS place FROM ${table} ORDER BY 1`)
    expect(rows.map(({ place }) => open(place)).sort()).toEqual(["here", "there"])
  })

  test("leave versions and update dates as they are", async () => {
    const source = await connect(Record)
    await db.rawRows(
      `INSERT INTO record (text, ${db.escape("updatedAt")}, version) ` +
        "VALUES ('plain', '2001-02-03 04:05:06', 7)",
    )
    const [before] = await rowsOf(db, "record")

    await encryptColumns(source, Record)

    const [{ text, ...rest } = {}] = await rowsOf(db, "record")
    expect(open(text)).toBe("plain")
    expect(rest).toEqual({ id: 1, updatedAt: before?.updatedAt, version: 7 })
  })

  test("run on a query runner, outside of a transaction too", async () => {
    const source = await residents()
    const runner = source.createQueryRunner()

    await encryptColumns(runner, Resident)
    await decryptColumns(runner, Resident)

    expect(runner.isReleased).toBe(false)
    expect((await rowsOf(db, "resident"))[0]).toMatchObject({
      homeStreet: "Elm 1",
      homeZip: "10115",
    })
    await runner.release()
  })

  test("name the table, the column or the property that does not exist", async () => {
    const source = await residents()
    const misuse = (message: string): unknown =>
      expect.objectContaining({
        code: "ERR_COLUMN_MISUSE",
        message: expect.stringContaining(message) as unknown,
      })

    await expect(encryptColumns(source, { table: "nobody", columns: { ssn: {} } })).rejects.toEqual(
      misuse("The table nobody does not exist."),
    )
    await expect(
      encryptColumns(source, { table: "resident", columns: { ssn: {} } }),
    ).rejects.toEqual(misuse("resident.ssn is not in the database."))
    await expect(
      encryptColumns(source, { table: "resident", primaryKey: "no", columns: { income: {} } }),
    ).rejects.toEqual(misuse("resident.no does not exist."))
    await expect(
      encryptColumns(source, { table: "resident", columns: { id: {} } }),
    ).rejects.toEqual(misuse("resident.id tells rows apart"))
    await expect(
      encryptColumns(source, { entity: Resident, properties: ["home.city"] }),
    ).rejects.toEqual(misuse("Resident.home.city is not an encrypted column"))
  })

  test("refuse a column that the database computes", async () => {
    const source = await db.connect()
    await db.dropAllTables()
    await db.rawRows(
      "CREATE TABLE name (id int PRIMARY KEY, first varchar(20), " +
        "upper varchar(200) GENERATED ALWAYS AS (upper(first)) STORED)",
    )

    await expect(
      encryptColumns(source, { table: "name", columns: { upper: {} } }, { keyring }),
    ).rejects.toThrow("name.upper is computed by the database")
  })
})
