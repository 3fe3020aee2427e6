import type { DataSource, DeepPartial, EntitySubscriberInterface, Repository } from "typeorm"

import { Club, Member } from "./model"

/** What a write is done with. */
export interface Writing {
  readonly dataSource: DataSource
  readonly members: Repository<Member>
  /** The row that is there before, unless the write is an insert. */
  readonly id: string
}

/** A way of storing `email` and `phone` in the row whose name is Ada. */
export interface WritePath {
  readonly title: string
  /** Whether the row is new; the others find one with another address and number. */
  readonly inserts?: true
  readonly write: (on: Writing, email: string, phone: string) => Promise<unknown>
}

const valuesOf = (email: string, phone: string) => ({ name: "Ada", email, contact: { phone } })

const inserting: readonly Omit<WritePath, "inserts">[] = [
  {
    title: "save of an instance",
    write: ({ members }, ...to) => members.save(members.create(valuesOf(...to))),
  },
  {
    title: "save of a plain object",
    write: ({ members }, ...to) => members.save(valuesOf(...to)),
  },
  {
    title: "save without listeners or transaction",
    write: ({ members }, ...to) =>
      members.save(valuesOf(...to), { listeners: false, transaction: false, reload: false }),
  },
  {
    title: "a cascade from a parent",
    write: ({ dataSource }, ...to) =>
      dataSource.manager.save(Club, { code: "new", members: [valuesOf(...to)] } as never),
  },
  { title: "insert", write: ({ members }, ...to) => members.insert(valuesOf(...to)) },
  {
    title: "insert of many",
    write: ({ members }, ...to) =>
      members.insert([{ name: "Dan" }, valuesOf(...to), { name: "Eve", email: "eve@example.com" }]),
  },
  {
    title: "upsert that inserts",
    write: ({ members }, ...to) => members.upsert(valuesOf(...to), ["name"]),
  },
  {
    title: "upsert by the property, that inserts",
    write: ({ members }, ...to) => members.upsert(valuesOf(...to), ["email"]),
  },
  {
    title: "an insert builder without listeners",
    write: ({ dataSource }, ...to) =>
      dataSource
        .createQueryBuilder()
        .insert()
        .into(Member)
        .values(valuesOf(...to))
        .callListeners(false)
        .updateEntity(false)
        .execute(),
  },
  {
    title: "an insert builder that names the columns",
    write: ({ dataSource }, ...to) =>
      dataSource
        .createQueryBuilder()
        .insert()
        .into(Member, ["id", "name", "email", "contact.phone", "version"])
        .values(valuesOf(...to))
        .execute(),
  },
  {
    title: "an insert builder with orIgnore",
    write: ({ members }, ...to) =>
      members
        .createQueryBuilder()
        .insert()
        .values(valuesOf(...to))
        .orIgnore()
        .execute(),
  },
]

const updating: readonly WritePath[] = [
  {
    title: "save of a loaded entity",
    write: async ({ members, id }, email, phone) => {
      const ada = await members.findOneByOrFail({ id })
      return members.save(Object.assign(ada, { email, contact: { phone } }))
    },
  },
  {
    title: "save of a plain object with an id",
    write: ({ members, id }, email, phone) =>
      members.save({ id, email, contact: { phone } }, { listeners: false }),
  },
  {
    title: "preload and merge",
    write: async ({ members, id }, email, phone) => {
      const ada = (await members.preload({ id, email })) ?? members.create()
      return members.save(members.merge(ada, { contact: { phone } }))
    },
  },
  {
    title: "update by id",
    write: ({ members, id }, email, phone) => members.update(id, { email, contact: { phone } }),
  },
  {
    title: "update by criteria",
    write: ({ members }, email, phone) =>
      members.update({ email: "ada@example.com" }, { email, contact: { phone } }),
  },
  {
    title: "upsert by id",
    write: ({ members, id }, ...to) => members.upsert({ id, ...valuesOf(...to) }, ["id"]),
  },
  {
    title: "upsert by another unique column",
    write: ({ members }, ...to) => members.upsert([valuesOf(...to), { name: "Dan" }], ["name"]),
  },
  {
    title: "orUpdate that names the columns",
    write: ({ members, id }, ...to) =>
      members
        .createQueryBuilder()
        .insert()
        .values({ id, ...valuesOf(...to) })
        .orUpdate(["email", "contactPhone"], ["id"])
        .callListeners(false)
        .execute(),
  },
  {
    title: "an update builder without listeners",
    write: ({ members, id }, email, phone) =>
      members
        .createQueryBuilder()
        .update()
        .set({ email, contact: { phone } })
        .where("id = :id", { id })
        .callListeners(false)
        .execute(),
  },
  {
    title: "whereEntity",
    write: async ({ members, id }, email, phone) => {
      const ada = await members.findOneByOrFail({ id })
      const builder = members.createQueryBuilder().update().set({ email, contact: { phone } })
      return builder.whereEntity(ada).execute()
    },
  },
  {
    title: "a transaction that commits",
    write: ({ dataSource, id }, email, phone) =>
      dataSource.transaction((manager) =>
        manager.update(Member, id, { email, contact: { phone } }),
      ),
  },
  {
    title: "a transaction that is rolled back, and another write",
    write: async ({ dataSource, members, id }, email, phone) => {
      const failing = dataSource.transaction(async (manager) => {
        await manager.update(Member, id, { email: "gone@example.com", contact: { phone: "0" } })
        throw new Error("rolled back")
      })
      await failing.catch(() => undefined)
      return members.update(id, { email, contact: { phone } })
    },
  },
  {
    title: "the manager of a query runner",
    write: async ({ dataSource, id }, email, phone) => {
      const runner = dataSource.createQueryRunner()
      const values = { id, email, contact: { phone } }
      return runner.manager.save(Member, values).finally(() => runner.release())
    },
  },
  {
    title: "a subscriber that changes what is saved",
    write: async ({ dataSource, members, id }, email, phone) => {
      const subscriber = changing(email)
      dataSource.subscribers.push(subscriber)
      const values: DeepPartial<Member> = { id, email: "early@example.com", contact: { phone } }
      return members.save(values).finally(() => {
        dataSource.subscribers.splice(dataSource.subscribers.indexOf(subscriber), 1)
      })
    },
  },
  {
    title: "soft removal and recovery",
    write: async ({ members, id }, email, phone) => {
      await members.update(id, { email, contact: { phone } })
      await members.softDelete(id)
      await members.restore({ email })
      await members.softRemove(await members.findOneByOrFail({ id }))
      await members.recover(await members.findOneOrFail({ where: { email }, withDeleted: true }))
    },
  },
]

function changing(email: string): EntitySubscriberInterface<Member> {
  return {
    listenTo: () => Member,
    beforeUpdate: ({ entity }) => {
      Object.assign(entity ?? {}, { email })
    },
  }
}

/** Every way of writing an indexed property. */
export const writePaths: readonly WritePath[] = [
  ...inserting.map((path) => ({ ...path, inserts: true as const })),
  ...updating,
]
