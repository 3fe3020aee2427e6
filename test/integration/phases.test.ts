import { beforeAll, describe, expect, test } from "@jest/globals"
import fc from "fast-check"
import { type DataSource, Entity, PrimaryColumn, type Repository } from "typeorm"

import {
  decryptRaw,
  EncryptedColumn,
  encryptColumns,
  indexColumns,
  type PlaintextPhase,
  searchFor,
  withEncryption,
} from "../../src"
import { eachDatabase, type TestDatabase } from "../support/databases"
import { keyring } from "../support/keys"
import { rowsOf } from "./stored"

@Entity()
class Account {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ type: "varchar", length: 255, blindIndex: { unique: true } }) email!: string
  @EncryptedColumn({ type: "varchar", length: 255, nullable: true, blindIndex: true })
  phone!: string | null
}

const phases = ["keep", "index", "allow", "reject"] as const

/** A release of the application for each phase, all on one database. */
type Releases = Readonly<Record<PlaintextPhase, DataSource>>

async function deployAll(db: TestDatabase): Promise<Releases> {
  const release = (plaintext: PlaintextPhase, synchronize: boolean) =>
    db.connect({ entities: [Account], synchronize }, (unbound) =>
      withEncryption(unbound, { keyring, plaintext }),
    )
  const keep = await release("keep", true)
  // The table had it before it had an encrypted column
  await db.rawRows("CREATE UNIQUE INDEX one_email ON account (email)")
  const [index, allow, reject] = [
    await release("index", false),
    await release("allow", false),
    await release("reject", false),
  ]
  return { keep, index, allow, reject }
}

/** What accounts there should be. */
interface Model {
  readonly accounts: Map<number, { email: string; phone: string | null }>
  /** The releases that run: one phase, or two neighbours while one takes the place of the other. */
  running: readonly number[]
  /** Whether a release has written plaintext without an index value since `column:index`. */
  unindexed: boolean
  /** Whether a release has written plaintext since `column:encrypt`. */
  unencrypted: boolean
}

const indexOptions = { keyring, batchSize: 2 }

/** One deployment with what is done meanwhile. Everything it does is checked against the model. */
class Rollout {
  readonly #db: TestDatabase
  readonly #releases: Releases
  readonly model: Model = {
    accounts: new Map(),
    running: [0],
    unindexed: true,
    unencrypted: true,
  }

  constructor(db: TestDatabase, releases: Releases) {
    this.#db = db
    this.#releases = releases
  }

  /** One of the releases that run. */
  pod(choice: number): Repository<Account> {
    const { running } = this.model
    const phase = phases[running[choice % running.length] ?? 0] ?? "keep"
    if (phase === "keep") this.model.unindexed = true
    if (phase === "keep" || phase === "index") this.model.unencrypted = true
    return this.#releases[phase].getRepository(Account)
  }

  /** Begins to take the next release, or one back, or ends what was begun. */
  deploy(forward: boolean, finish: boolean): void {
    const { running } = this.model
    const [first = 0, second] = running
    if (second !== undefined) {
      this.model.running = [finish === forward ? Math.max(first, second) : Math.min(first, second)]
      return
    }
    const next = first + (forward ? 1 : -1)
    // The guide: "allow" when all is indexed, "reject" when all is encrypted
    if (next < 0 || next > 3) return
    if (next === 2 && forward && this.model.unindexed) return
    if (next === 3 && this.model.unencrypted) return
    this.model.running = [first, next]
  }

  async index(): Promise<void> {
    if (this.model.running.includes(0)) return
    const report = await indexColumns(this.#releases.index, Account, indexOptions)
    expect(report).toMatchObject({ completed: true, failed: 0 })
    this.model.unindexed = false
  }

  async encrypt(): Promise<void> {
    if (this.model.running.some((phase) => phase < 2)) return
    const report = await encryptColumns(this.#releases.allow, Account, indexOptions)
    expect(report).toMatchObject({ completed: true, failed: 0 })
    this.model.unencrypted = false
  }

  /** Whatever the mix of releases, each of them finds every value, by its key and by itself. */
  async check(): Promise<void> {
    const { accounts, running } = this.model
    for (const phase of running) {
      const { manager } = this.#releases[phases[phase] ?? "keep"]
      const found = await manager.find(Account, { order: { id: "ASC" } })
      const expected = [...accounts].sort(([a], [b]) => a - b)
      expect(found).toEqual(expected.map(([id, values]) => ({ id, ...values })))
      for (const [id, { email, phone }] of accounts) {
        expect(await manager.findBy(Account, { email })).toMatchObject([{ id }])
        if (phone === null) continue
        const withPhone = await manager.findBy(Account, { phone })
        const same = expected.filter(([, other]) => other.phone === phone).map(([key]) => key)
        expect(withPhone.map((one) => one.id).sort((a, b) => a - b)).toEqual(same)
      }
    }
    await this.#checkCompanions()
  }

  /** A companion is NULL, or the index value of what its row holds. */
  async #checkCompanions(): Promise<void> {
    const source = this.#releases.index
    for (const row of await rowsOf(this.#db, "account")) {
      for (const property of ["email", "phone"] as const) {
        const companion = row[`${property}_bidx`]
        const [opened] = decryptRaw(source, Account, [{ value: row[property] }], {
          value: property,
        })
        if (companion === null) continue
        expect(opened?.value).not.toBeNull()
        expect(companion).toBe(searchFor(source, Account, property, opened?.value)[0])
      }
    }
  }
}

const person = fc.record({
  id: fc.integer({ min: 1, max: 4 }),
  email: fc.constantFrom("ada@x", "bob@x", "cleo@x", "dan@x", "eve@x"),
  phone: fc.constantFrom(null, "1", "2"),
})

type Step = (rollout: Rollout) => Promise<void> | void

const isTaken = ({ accounts }: Model, id: number, email: string): boolean =>
  [...accounts].some(([other, values]) => other !== id && values.email === email)

/** A second account with an address is refused by every release, whatever wrote the first. */
async function expectRefusal(writing: Promise<unknown>): Promise<void> {
  await expect(writing).rejects.toMatchObject({ name: "QueryFailedError" })
}

const writes = fc.record({
  pod: fc.nat(1),
  person,
  by: fc.constantFrom("insert", "save", "update"),
})

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: writes.map(({ pod, person: { id, email, phone }, by }): Step => async (rollout) => {
      const { model } = rollout
      const accounts = rollout.pod(pod)
      const exists = model.accounts.has(id)
      const write = async () => {
        if (by === "update") return accounts.update({ id }, { email, phone })
        if (by === "save") return accounts.save({ id, email, phone })
        return accounts.insert({ id, email, phone })
      }
      if ((by === "insert" && exists) || (by === "update" && !exists)) return
      if (isTaken(model, id, email)) return expectRefusal(write())
      await write()
      model.accounts.set(id, { email, phone })
    }),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ pod: fc.nat(1), person })
      .map(({ pod, person }): Step => async (rollout) => {
        const found = [...rollout.model.accounts].filter(([, { email }]) => email === person.email)
        await rollout.pod(pod).update({ email: person.email }, { phone: person.phone })
        for (const [id, { email }] of found) {
          rollout.model.accounts.set(id, { email, phone: person.phone })
        }
      }),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ pod: fc.nat(1), person })
      .map(({ pod, person }): Step => async (rollout) => {
        await rollout.pod(pod).delete({ email: person.email })
        for (const [id, { email }] of rollout.model.accounts) {
          if (email === person.email) rollout.model.accounts.delete(id)
        }
      }),
  },
  {
    weight: 5,
    arbitrary: fc
      .record({ forward: fc.boolean(), finish: fc.boolean() })
      .map(({ forward, finish }): Step => (rollout) => {
        rollout.deploy(forward || finish, finish)
      }),
  },
  { weight: 2, arbitrary: fc.constant<Step>((rollout) => rollout.index()) },
  { weight: 2, arbitrary: fc.constant<Step>((rollout) => rollout.encrypt()) },
)

/** Enough to go all the way and back on one database, and some of it on those behind a socket. */
const runs: Readonly<Record<TestDatabase["name"], number>> = {
  SQLite: 12,
  PostgreSQL: 2,
  MariaDB: 2,
}

eachDatabase("a rolling deployment", (db) => {
  let releases: Releases

  beforeAll(async () => {
    releases = await deployAll(db)
  })

  test("loses no value, leaves no companion behind and admits no second account", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
        await db.rawRows("DELETE FROM account")
        const rollout = new Rollout(db, releases)
        for (const one of steps) {
          await one(rollout)
          await rollout.check()
        }
      }),
      { numRuns: runs[db.name] },
    )
  })

  describe("from end to end", () => {
    const ada = { id: 1, email: "ada@x", phone: "1" }

    test("has in each phase what it should in the row", async () => {
      await db.rawRows("DELETE FROM account")
      const row = async () => (await rowsOf(db, "account"))[0]
      await releases.keep.manager.insert(Account, ada)
      expect(await row()).toEqual({ ...ada, email_bidx: null, phone_bidx: null })

      await releases.index.manager.update(Account, { id: 1 }, { email: "bob@x" })
      expect(await row()).toMatchObject({ email: "bob@x", phone_bidx: null })
      expect((await row())?.email_bidx).toEqual(expect.any(String))

      await releases.keep.manager.save(Account, ada)
      expect(await row()).toEqual({ ...ada, email_bidx: null, phone_bidx: null })

      await indexColumns(releases.index, Account, indexOptions)
      expect(await row()).toMatchObject(ada)
      const { email_bidx } = (await row()) ?? {}
      expect(email_bidx).toEqual(expect.any(String))

      await encryptColumns(releases.allow, Account, indexOptions)
      expect(await row()).toMatchObject({ email_bidx })
      expect((await row())?.email).toMatch(/^gAAAAA/)
      expect(await releases.reject.manager.find(Account)).toEqual([ada])
    })

    test("finds what an upsert replaces by the column while it is in plaintext", async () => {
      await db.rawRows("DELETE FROM account")
      for (const phase of ["keep", "index"] as const) {
        const { manager } = releases[phase]
        await manager.upsert(Account, { ...ada, phone: phase }, ["email"])
        expect(await manager.find(Account)).toEqual([{ ...ada, phone: phase }])
      }
    })

    test("does not begin to encrypt, or to index, what a release still leaves", async () => {
      const misuse = { code: "ERR_COLUMN_MISUSE" }

      await expect(encryptColumns(releases.index, Account)).rejects.toMatchObject(misuse)
      await expect(indexColumns(releases.keep, Account)).rejects.toMatchObject(misuse)
    })
  })
})
