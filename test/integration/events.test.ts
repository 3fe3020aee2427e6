import { inspect } from "node:util"

import { beforeAll, beforeEach, expect, test } from "@jest/globals"
import {
  Column,
  type DataSource,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  type Repository,
} from "typeorm"

import { EncryptedColumn, runWithActor, withEncryption } from "../../src"
import { recordEvents } from "../binding/events/recorded"
import { eachDatabase } from "../support/databases"
import { keyring } from "../support/keys"

@Entity()
class Patient {
  @PrimaryGeneratedColumn() id!: number
  @EncryptedColumn({ blindIndex: true }) ssn!: string
  @EncryptedColumn({ nullable: true }) note?: string | null
  @Column({ type: "varchar", length: 10, nullable: true }) ward?: string | null
  @OneToMany(() => Visit, (visit) => visit.patient, { cascade: true }) visits?: Visit[]
}

@Entity()
class Visit {
  @PrimaryGeneratedColumn() id!: number
  @EncryptedColumn() diagnosis!: string
  @ManyToOne(() => Patient, (patient) => patient.visits) patient?: Patient
}

eachDatabase("events", (db) => {
  let dataSource: DataSource
  let patients: Repository<Patient>

  beforeAll(async () => {
    dataSource = await db.connect({ entities: [Patient, Visit], synchronize: true }, (source) =>
      withEncryption(source, { keyring }),
    )
    patients = dataSource.getRepository(Patient)
  })

  beforeEach(async () => {
    await dataSource.createQueryBuilder().delete().from(Visit).execute()
    await dataSource.createQueryBuilder().delete().from(Patient).execute()
  })

  test("tell once of each statement of a unit of work, for whom and of which rows", async () => {
    let id = 0
    const events = await recordEvents(() =>
      runWithActor("alice", async () => {
        const visits = [{ diagnosis: "legible" }, { diagnosis: "legible" }]
        const saved = await patients.save({ ssn: "legible", visits })
        id = saved.id
        await patients.find({ where: { ssn: "legible" }, relations: { visits: true } })
        await patients.update({ id }, { note: "legible" })
        await patients.delete({ ssn: "nobody" })
      }),
    )

    const told = events.map(([name, { entity, cells, rows, attributes }]) => [
      name,
      entity,
      cells,
      rows,
      (attributes as Record<string, unknown>)["db.operation.name"],
    ])
    const written = events.filter(([, { entity }]) => entity === "Visit")
    expect(told).toEqual([
      ["encrypt", "Patient", 1, [{ id }], "INSERT"],
      ...written.map(([, { cells, rows }]) => ["encrypt", "Visit", cells, rows, "INSERT"]),
      ["search", "Patient", undefined, undefined, "SELECT"],
      ["decrypt", "Patient", 3, [{ id }], "SELECT"],
      ["encrypt", "Patient", 1, undefined, "UPDATE"],
      ["search", "Patient", undefined, undefined, "DELETE"],
    ])
    // Databases that return several generated keys insert the visits at once
    expect(written.reduce((sum, [, { cells }]) => sum + Number(cells), 0)).toBe(2)
    expect(events.every(([, { actor }]) => actor === "alice")).toBe(true)
    const shown = inspect(events, { depth: Infinity, showHidden: true })
    expect(shown).not.toMatch(/legible|gAAAAA/)
  })

  test("count what a result gives the application, page by page, and each statement once", async () => {
    await patients.save(Array.from({ length: 12 }, (_, i) => ({ ssn: `legible-${i}` })))

    const events = await recordEvents(async () => {
      await patients.find({ take: 5, relations: { visits: true }, order: { id: "ASC" } })
      await patients.findAndCount({ take: 5, order: { id: "ASC" } })
      await patients.createQueryBuilder("p").where("p.ssn = :ssn", { ssn: "legible-1" }).getOne()
    })

    expect(events.map(([name, { cells }]) => [name, cells])).toEqual([
      ["decrypt", 5],
      ["decrypt", 5],
      ["search", undefined],
      ["decrypt", 1],
    ])
  })

  test("keep apart what runs at once, whatever comes in between", async () => {
    await patients.save(Array.from({ length: 20 }, (_, i) => ({ ssn: `legible-${i}` })))
    const ids = (await patients.find({ select: { id: true } })).map(({ id }) => id)

    const events = await recordEvents(() =>
      Promise.all(
        ids.map((id) =>
          runWithActor(String(id), () =>
            patients.find({ where: { id }, relations: { visits: true } }),
          ),
        ),
      ),
    )

    expect(events).toHaveLength(20)
    for (const [, { actor, rows, cells }] of events) {
      expect({ rows, cells }).toEqual({ rows: [{ id: Number(actor) }], cells: 1 })
    }
  })
})
