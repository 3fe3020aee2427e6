import { beforeEach, expect, test } from "@jest/globals"
import {
  type DataSource,
  Entity,
  type EntitySubscriberInterface,
  EntitySchema,
  EventSubscriber,
  PrimaryColumn,
  type UpdateEvent,
} from "typeorm"

import { EncryptedColumn, encryptedColumn, withEncryption } from "../../../src"
import { digestOf } from "../../search/digest-of"
import { keyring } from "../../support/keys"
import { memorySource } from "../memory-source"

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: true }) email!: string
  @EncryptedColumn({ blindIndex: { with: ["last"] } }) first!: string
  @EncryptedColumn() last!: string
}

interface Club {
  id: number
  name: string
  town: string
}

const Club = new EntitySchema<Club>({
  name: "club",
  columns: {
    id: { type: "int", primary: true },
    name: encryptedColumn({ blindIndex: { with: ["town"] } }),
    town: encryptedColumn(),
  },
})

let told: unknown[] = []

@EventSubscriber()
class Audit implements EntitySubscriberInterface {
  beforeUpdate(event: UpdateEvent<object>): void {
    this.#note("before", event)
  }

  afterUpdate(event: UpdateEvent<object>): void {
    this.#note("after", event)
  }

  #note(when: string, { updatedColumns, databaseEntity, entity }: UpdateEvent<object>): void {
    for (const column of updatedColumns) {
      const [old, now] = [databaseEntity, entity ?? {}].map(
        (one) => column.getEntityValue(one) as unknown,
      )
      told.push([when, column.propertyName, old, now])
    }
  }
}

let source: DataSource

beforeEach(async () => {
  source = await withEncryption(memorySource([Person, Club], { subscribers: [Audit] }), {
    keyring,
  }).initialize()
  told = []
})

test("subscribers are told of the properties that an update changes, and of nothing else", async () => {
  await source.manager.insert(Person, { id: 1, email: "a@x", first: "Ada", last: "King" })
  const person = await source.manager.findOneByOrFail(Person, { id: 1 })

  await source.manager.save(Object.assign(person, { email: "b@x", last: "Byron" }))

  expect(told).toEqual([
    ["before", "email", "a@x", "b@x"],
    ["before", "last", "King", "Byron"],
    ["after", "email", "a@x", "b@x"],
    ["after", "last", "King", "Byron"],
  ])
  expect(await source.query("SELECT email_bidx, first_last_bidx FROM person")).toEqual([
    {
      email_bidx: digestOf("person/email/email_bidx", "b@x"),
      first_last_bidx: digestOf("person/first,last/first_last_bidx", ["Ada", "Byron"]),
    },
  ])
})

test("subscribers are told the same of entities that have no class", async () => {
  await source.manager.insert(Club, { id: 1, name: "Chess", town: "Bath" })
  const club = await source.manager.findOneByOrFail(Club, { id: 1 })

  await source.manager.save(Club, { ...club, town: "York" })

  expect(told).toEqual([
    ["before", "town", "Bath", "York"],
    ["after", "town", "Bath", "York"],
  ])
})
