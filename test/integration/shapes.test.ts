import { beforeAll, expect, test } from "@jest/globals"
import {
  BaseEntity,
  Column,
  type DataSource,
  DefaultNamingStrategy,
  Entity,
  EntitySchema,
  type EntitySchemaOptions,
  type EntitySubscriberInterface,
  EventSubscriber,
  type InsertEvent,
  PrimaryColumn,
  type UpdateEvent,
  ViewEntity,
} from "typeorm"

import { EncryptedColumn, encryptedColumn, withEncryption } from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring } from "../support/keys"

class Geo {
  @EncryptedColumn({ codec: "json", nullable: true }) position?: unknown
}

class Address {
  @EncryptedColumn() street!: string
  @Column(() => Geo) geo!: Geo
}

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @Column(() => Address) home!: Address
  @Column(() => Address, { prefix: "job" }) work!: Address
}

@Entity()
class Note extends BaseEntity {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ name: "Body Text" }) text!: string
  @EncryptedColumn({ nullable: true, insert: false }) later!: string | null
  @EncryptedColumn({ nullable: true, update: false }) once!: string | null
}

interface CameraRow {
  id: number
  password: string
  pin: number | null
}

const cameraOptions = {
  name: "camera",
  columns: {
    id: { type: Number, primary: true },
    password: encryptedColumn(),
    pin: encryptedColumn({ codec: "number", nullable: true }),
  },
} satisfies Partial<EntitySchemaOptions<CameraRow>>
const Camera = new EntitySchema<CameraRow>(cameraOptions)

@ViewEntity({
  expression: (source) =>
    source
      .createQueryBuilder()
      .select("note.id", "id")
      .addSelect("note.text", "secret")
      .from(Note, "note"),
})
class NoteView {
  @Column() id!: number
  @EncryptedColumn() secret!: string
}

/** What subscribers were shown of the property `text`. */
const shown: unknown[] = []

@EventSubscriber()
class NoteSubscriber implements EntitySubscriberInterface<Note> {
  listenTo(): typeof Note {
    return Note
  }
  afterLoad(note: Note): void {
    shown.push(["load", note.text])
  }
  beforeInsert({ entity }: InsertEvent<Note>): void {
    shown.push(["insert", entity.text])
  }
  afterInsert({ entity }: InsertEvent<Note>): void {
    shown.push(["inserted", entity.text])
  }
  beforeUpdate({ entity, databaseEntity }: UpdateEvent<Note>): void {
    shown.push(["update", (entity as Note).text, databaseEntity.text])
  }
}

class Shouting extends DefaultNamingStrategy {
  override columnName(property: string, custom: string, prefixes: string[]): string {
    return `C_${super.columnName(property, custom, prefixes)}`
  }
}

eachDatabase("encrypted columns", (db) => {
  let dataSource: DataSource

  beforeAll(async () => {
    dataSource = await db.connect(
      {
        entities: [Person, Note, NoteView, Camera],
        subscribers: [NoteSubscriber],
        synchronize: true,
      },
      (source) => withEncryption(source, { keyring }),
    )
  })

  const stored = async (table: string, id: number): Promise<Record<string, unknown>> => {
    const [row = {}] = await db.rawRows(
      `SELECT * FROM ${db.escape(table)} WHERE ${db.escape("id")} = ${id}`,
    )
    const opened = Object.entries(row).map(([name, cell]) => [
      name,
      typeof cell === "string" ? keyring.decryptText(cell) : cell,
    ])
    return Object.fromEntries(opened) as Record<string, unknown>
  }

  test("work in embedded entities, twice and two deep", async () => {
    const people = dataSource.getRepository(Person)
    const home = { street: "Elm St 1", geo: { position: [1, 2] } }
    const work = { street: "Oak St 2", geo: { position: null } }
    await people.save({ id: 1, home, work })

    expect(await people.findOneByOrFail({ id: 1 })).toEqual({ id: 1, home, work })
    expect(await stored("person", 1)).toEqual({
      id: 1,
      homeStreet: "Elm St 1",
      homeGeoPosition: "[1,2]",
      jobStreet: "Oak St 2",
      jobGeoPosition: null,
    })
  })

  test("of one embedded entity change without the other", async () => {
    const people = dataSource.getRepository(Person)
    const [before] = await db.rawRows(`SELECT * FROM ${db.escape("person")}`)
    const person = await people.findOneByOrFail({ id: 1 })
    person.work.street = "Ash St 3"
    await people.save(person)

    const [after] = await db.rawRows(`SELECT * FROM ${db.escape("person")}`)

    expect(after).toEqual({ ...before, jobStreet: after?.jobStreet })
    expect(keyring.decryptText(String(after?.jobStreet))).toBe("Ash St 3")
  })

  test("work in active records, under a name of their own", async () => {
    const note = Note.create({ id: 1, text: "call back" })
    await note.save()

    expect((await Note.findOneByOrFail({ id: 1 })).text).toBe("call back")
    expect(await stored("note", 1)).toMatchObject({ "Body Text": "call back" })
  })

  test("are left out of inserts or updates if they say so", async () => {
    const notes = dataSource.getRepository(Note)
    await notes.save({ id: 2, text: "a", later: "in vain", once: "first" })
    expect(await stored("note", 2)).toMatchObject({ later: null, once: "first" })

    await notes.save({ id: 2, later: "second", once: "in vain" })

    expect(await stored("note", 2)).toMatchObject({ later: "second", once: "first" })
  })

  test("work in an EntitySchema", async () => {
    const cameras = dataSource.getRepository(Camera)
    await cameras.save({ id: 1, password: "hunter2", pin: 7 })

    expect(await cameras.find()).toEqual([{ id: 1, password: "hunter2", pin: 7 }])
    expect(await stored("camera", 1)).toEqual({ id: 1, password: "hunter2", pin: "7" })
  })

  test("work in a view of an encrypted table", async () => {
    await dataSource.getRepository(Note).save({ id: 3, text: "seen through a view" })

    const [seen] = await dataSource.getRepository(NoteView).findBy({ id: 3 })

    expect(seen?.secret).toBe("seen through a view")
  })

  test("show their plaintext to subscribers", async () => {
    const notes = dataSource.getRepository(Note)
    await notes.save({ id: 4, text: "old" })
    shown.length = 0

    await notes.save({ id: 4, text: "new" })
    await notes.save({ id: 5, text: "more" })

    expect(shown).toEqual([
      ["load", "old"],
      ["update", "new", "old"],
      ["insert", "more"],
      ["inserted", "more"],
    ])
  })

  test("work under a naming strategy", async () => {
    const source = await db.connect(
      { entities: [Person], namingStrategy: new Shouting(), entityPrefix: "X_", synchronize: true },
      (unbound) => withEncryption(unbound, { keyring }),
    )
    const home = { street: "Elm St 1", geo: {} }
    await source.getRepository(Person).save({ id: 1, home, work: home })

    const [row] = await db.rawRows(`SELECT * FROM ${db.escape("X_person")}`)

    expect(keyring.decryptText(String(row?.C_jobStreet))).toBe("Elm St 1")
    expect(await source.getRepository(Person).find()).toMatchObject([
      { home: { street: "Elm St 1" } },
    ])
  })
})
