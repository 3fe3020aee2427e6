import { beforeEach, expect, test } from "@jest/globals"
import { type DataSource, Entity, PrimaryColumn } from "typeorm"

import {
  decryptRaw,
  EncryptedColumn,
  generateKey,
  type GivenKeys,
  Keyring,
  reloadKeys,
  withEncryption,
} from "../../src"
import { eachDatabase } from "../support/databases"
import { until } from "../support/until"

@Entity()
class Account {
  @PrimaryColumn({ type: "int" }) id!: number
  @EncryptedColumn({ blindIndex: { unique: true } }) email!: string
}

const [old, rolled] = [generateKey(), generateKey()]
const indexKey = new Keyring([generateKey()])

/** A process with a ring of its own, which fetches keys when it is told to. */
interface Pod {
  readonly source: DataSource
  /** Has its source return these from now on. */
  offer(keys: GivenKeys): void
  /** Has it fetch these. */
  give(keys: GivenKeys): Promise<void>
}

eachDatabase("keys that are rolled while processes run", (db) => {
  let last = 0

  async function start(first: GivenKeys, ownIndexKey = true): Promise<Pod> {
    let given = first
    const source = await db.connect({ entities: [Account], synchronize: last === 0 }, (unbound) =>
      withEncryption(unbound, {
        keyring: () => Promise.resolve(given),
        ...(ownIndexKey && { blindIndexKeyring: () => indexKey }),
        refreshKeys: { every: 3600 },
      }),
    )
    const offer = (keys: GivenKeys): void => {
      given = keys
    }
    return {
      source,
      offer,
      give: async (keys) => {
        offer(keys)
        await reloadKeys(source)
      },
    }
  }

  beforeEach(async () => {
    last = 0
    await db.dropAllTables()
  })

  const accounts = ({ source }: Pod) => source.getRepository(Account)

  /** Every pod writes, and finds what all of them ever wrote; no value is there twice. */
  async function work(pods: readonly Pod[]): Promise<void> {
    for (const pod of pods) {
      last++
      await accounts(pod).insert({ id: last, email: `${last}@x` })
    }
    for (const pod of pods) {
      for (let id = 1; id <= last; id++) {
        const found = await accounts(pod).findBy({ email: `${id}@x` })
        expect(found).toEqual([{ id, email: `${id}@x` }])
        const again = accounts(pod).insert({ id: 1000 + id, email: `${id}@x` })
        await expect(again).rejects.toMatchObject({ name: "QueryFailedError" })
      }
      expect(await accounts(pod).count()).toBe(last)
    }
  }

  const writtenBy = async (): Promise<unknown> => {
    const [row] = await db.rawRows(`SELECT email FROM account WHERE id = ${last}`)
    return new Keyring([rolled]).keyIndexOf(String(row?.email)) === 0 ? "rolled" : "old"
  }

  test("are found and unique at every step, with processes at different rings", async () => {
    const pods = [await start(old), await start(old)]
    await work(pods)
    const [a, b] = pods as [Pod, Pod]

    await a.give([rolled, old])
    await work(pods)
    await b.give([rolled, old])
    await work(pods)
    expect(await writtenBy()).toBe("old")
    await a.give({ keyring: [rolled, old], encryptFrom: new Date(0) })
    await until(async () => {
      await work([a])
      return (await writtenBy()) === "rolled"
    })
    await work(pods)
    await b.give({ keyring: [rolled, old], encryptFrom: new Date(0) })
    await until(async () => {
      await work([b])
      return (await writtenBy()) === "rolled"
    })
    await work(pods)
  })

  test("are sought by and unique where blind indexes have no keys of their own, until one is promoted", async () => {
    const pods = [await start(old, false), await start(old, false)]
    await work(pods)
    const [a, b] = pods as [Pod, Pod]

    await a.give([rolled, old])
    await work(pods)
    await b.give([rolled, old])
    await work(pods)
  })

  test("are fetched for a token that opens under none, and the result is read again", async () => {
    const [behind, ahead] = [await start(old), await start([rolled, old])]
    last++
    await accounts(ahead).insert({ id: 1, email: "1@x" })
    const raw = await db.rawRows("SELECT id, email FROM account")
    expect(() => decryptRaw(behind.source, Account, raw)).toThrow(/Account\.email/)

    behind.offer([rolled, old])

    expect(await accounts(behind).find()).toEqual([{ id: 1, email: "1@x" }])
    expect(decryptRaw(behind.source, Account, raw)).toEqual([{ id: 1, email: "1@x" }])
  })

  test("let no query fail that is under way while they are fetched again", async () => {
    const pod = await start(old)
    await work([pod])
    let isDone = false
    const reading = async (): Promise<number> => {
      let count = 0
      while (!isDone) {
        const found = await accounts(pod).findBy({ email: "1@x" })
        expect(found).toEqual([{ id: 1, email: "1@x" }])
        count++
      }
      return count
    }
    const reads = Promise.all([reading(), reading(), reading()])

    for (let i = 0; i < 20; i++) {
      await pod.give(i % 2 ? [rolled, old] : [old, rolled])
      await pod.give([]).catch((error: unknown) => {
        expect(error).toMatchObject({ code: "ERR_KEY_MISSING" })
      })
    }
    isDone = true

    expect(Math.min(...(await reads))).toBeGreaterThan(0)
  })
})
