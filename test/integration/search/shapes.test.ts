import { expect, test } from "@jest/globals"
import {
  ChildEntity,
  Column,
  DefaultNamingStrategy,
  Entity,
  EntitySchema,
  In,
  PrimaryColumn,
  TableInheritance,
} from "typeorm"

import { BlindEqual, EncryptedColumn, encryptedColumn, withEncryption } from "../../../src"
import { digestOf } from "../../search/digest-of"
import { eachDatabase, type ExtraOptions } from "../../support/databases"
import { keyring, keys } from "../../support/keys"
import { Keyring } from "../../../src"
import { rowsOf } from "../stored"

@Entity()
@TableInheritance({ column: { type: "varchar", length: 20, name: "kind" } })
abstract class Staff {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: true }) email!: string
}

@ChildEntity()
class Doctor extends Staff {
  @EncryptedColumn({ nullable: true, blindIndex: true }) licence?: string | null
}

@ChildEntity()
class Nurse extends Staff {
  @EncryptedColumn({ nullable: true, blindIndex: true }) badge?: string | null
}

class Address {
  @EncryptedColumn({
    nullable: true,
    default: null,
    blindIndex: [true, { name: "city_initial", normalize: (city) => city.slice(0, 1) }],
  })
  city?: string | null
}

@Entity()
class Traveller {
  @PrimaryColumn() id!: number
  @Column(() => Address, { prefix: "home" }) home!: Address
  @Column(() => Address, { prefix: "work" }) work!: Address
}

const Camera = new EntitySchema<{ id: number; serialNumber: string }>({
  name: "camera",
  columns: {
    id: { type: Number, primary: true },
    serialNumber: encryptedColumn({ blindIndex: { unique: true } }),
  },
})

/** As applications have it: every name, given or not, is turned into snake case. */
class SnakeNaming extends DefaultNamingStrategy {
  override columnName(property: string, name: string, prefixes: string[]): string {
    const snake = super.columnName(property, name, prefixes)
    return snake.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  }
}

@Entity({ schema: "Clinic A", name: "Patient File" })
class PatientFile {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ name: "Social Security No", blindIndex: true }) ssn!: string
}

eachDatabase("a blind index", (db) => {
  const connect = (options: ExtraOptions) =>
    db.connect({ synchronize: true, dropSchema: true, ...options }, (unbound) =>
      withEncryption(unbound, { keyring }),
    )

  test("of a parent or a child of single-table inheritance answers for all who have it", async () => {
    const source = await connect({ entities: [Staff, Doctor, Nurse] })
    const doctors = source.getRepository(Doctor)
    await doctors.save({ id: 1, email: "a@x", licence: "L1" })
    await source.manager.save(Nurse, { id: 2, email: "b@x", badge: "B1" })
    await source.manager.update(Nurse, { badge: "B1" }, { badge: "B2", email: "c@x" })

    expect(await rowsOf(db, "staff")).toMatchObject([
      { email_bidx: digestOf("staff/email/email_bidx", "a@x"), badge_bidx: null },
      { email_bidx: digestOf("staff/email/email_bidx", "c@x"), licence_bidx: null },
    ])
    expect(await source.manager.findBy(Staff, { email: In(["a@x", "c@x"]) })).toHaveLength(2)
    expect(await doctors.findBy({ email: "a@x", licence: "L1" })).toMatchObject([{ id: 1 }])
    expect(await doctors.findBy({ email: "c@x" })).toEqual([])
    expect(await source.manager.findBy(Nurse, { badge: "B2" })).toMatchObject([{ id: 2 }])
    expect(await source.manager.findBy(Nurse, { badge: "B1" })).toEqual([])
  })

  test("of an entity embedded twice is one for each", async () => {
    const source = await connect({ entities: [Traveller] })
    const travellers = source.getRepository(Traveller)
    await travellers.save({ id: 1, home: { city: "Rome" }, work: { city: "Oslo" } })
    await travellers.update({ home: { city: "Rome" } }, { work: { city: "Bonn" } })

    expect(await rowsOf(db, "traveller")).toMatchObject([
      {
        homeCity_bidx: digestOf("traveller/homeCity/homeCity_bidx", "Rome"),
        home_city_initial: digestOf("traveller/homeCity/home_city_initial", "R"),
        workCity_bidx: digestOf("traveller/workCity/workCity_bidx", "Bonn"),
        work_city_initial: digestOf("traveller/workCity/work_city_initial", "B"),
      },
    ])
    const byInitial = (index: string) => ({ city: BlindEqual("Basel", { index }) })
    expect(await travellers.findBy({ work: byInitial("work_city_initial") })).toHaveLength(1)
    expect(await travellers.findBy({ home: byInitial("home_city_initial") })).toEqual([])
    expect(await travellers.findBy({ work: { city: "Bonn" } })).toHaveLength(1)
    expect(await travellers.findBy({ home: { city: "Bonn" } })).toEqual([])
  })

  test("of an EntitySchema is named as the strategy names columns", async () => {
    const source = await connect({ entities: [Camera], namingStrategy: new SnakeNaming() })
    const cameras = source.getRepository(Camera)
    await cameras.upsert({ id: 1, serialNumber: "S1" }, ["serialNumber"])
    await cameras.upsert({ id: 1, serialNumber: "S1" }, ["serialNumber"])

    const context = "camera/serial_number/serial_number_bidx"
    expect(await rowsOf(db, "camera")).toMatchObject([
      { serial_number_bidx: digestOf(context, "S1") },
    ])
    expect(await cameras.findBy({ serialNumber: "S1" })).toHaveLength(1)
  })

  if (db.name === "PostgreSQL") {
    test("of a table with a schema, capitals and spaces works", async () => {
      await db.rawRows('CREATE SCHEMA "Clinic A"')
      const source = await connect({ entities: [PatientFile] })
      const files = source.getRepository(PatientFile)
      await files.insert({ id: 1, ssn: "1" })
      await files.update({ ssn: "1" }, { ssn: "2" })

      const [row] = await db.rawRows('SELECT * FROM "Clinic A"."Patient File"')
      const name = "Social Security No"
      const digest = digestOf(`Clinic A/Patient File/${name}/${name}_bidx`, "2")
      expect(row?.[`${name}_bidx`]).toBe(digest)
      expect(await files.findBy({ ssn: "2" })).toHaveLength(1)
    })
  }

  test("is another one under the keys of another DataSource", async () => {
    const one = await connect({ entities: [Camera] })
    const other = await db.connect({ entities: [Camera] }, (unbound) =>
      withEncryption(unbound, { keyring: new Keyring([keys.second]) }),
    )
    await one.manager.insert(Camera, { id: 1, serialNumber: "S1" })
    await other.manager.insert(Camera, { id: 2, serialNumber: "S1" })

    expect(await one.manager.findBy(Camera, { serialNumber: "S1" })).toMatchObject([{ id: 1 }])
    expect(await other.manager.findBy(Camera, { serialNumber: "S1" })).toMatchObject([{ id: 2 }])
    await other.destroy()
    await other.initialize()
    expect(await other.manager.findBy(Camera, { serialNumber: "S1" })).toMatchObject([{ id: 2 }])
  })
})
