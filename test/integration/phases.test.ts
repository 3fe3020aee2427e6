import { beforeAll, describe, expect, test } from "@jest/globals"
import fc from "fast-check"
import { Column, type DataSource, Entity, PrimaryColumn, type Repository } from "typeorm"

import {
  type BulkOptions,
  type BulkReport,
  decryptColumns,
  decryptRaw,
  EncryptedColumn,
  encryptColumns,
  indexColumns,
  inspectColumns,
  Keyring,
  type PlaintextPhase,
  rotateColumns,
  searchFor,
  withEncryption,
} from "../../src"
import { eachDatabase, type TestDatabase } from "../support/databases"
import { keys } from "../support/keys"
import { rowsOf } from "./stored"

@Entity()
class Account {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ type: "varchar", length: 255, blindIndex: { unique: true } }) email!: string
  @EncryptedColumn({ type: "varchar", length: 255, nullable: true, blindIndex: true })
  phone!: string | null
  @Column({ type: "int" }) tenant!: number
  @EncryptedColumn({
    ...{ type: "varchar", length: 255 },
    blindIndex: { unique: { within: ["tenant"] } },
  })
  nick!: string
}

/** What is told of an account, beside its key. */
type Values = Omit<Account, "id">

const phases = ["keep", "index", "allow", "reject"] as const

/** Every release reads both keys. Which is in front is changed by a rotation. */
const rings = [new Keyring([keys.first, keys.second]), new Keyring([keys.second, keys.first])]
const [keyring] = rings as [Keyring]
/** Index values stay under a key of their own, or a unique index would admit equal values. */
const blindIndexKeyring = new Keyring([keys.first])

/** A release of the application for each phase, all on one database. */
type Releases = Readonly<Record<PlaintextPhase, DataSource>>

async function deployAll(db: TestDatabase): Promise<Releases> {
  const release = (plaintext: PlaintextPhase, synchronize: boolean) =>
    db.connect({ entities: [Account], synchronize }, (unbound) =>
      withEncryption(unbound, { keyring, blindIndexKeyring, plaintext }),
    )
  const keep = await release("keep", true)
  // The table had them before it had an encrypted column
  await db.rawRows("CREATE UNIQUE INDEX one_email ON account (email)")
  await db.rawRows("CREATE UNIQUE INDEX one_nick ON account (tenant, nick)")
  const [index, allow, reject] = [
    await release("index", false),
    await release("allow", false),
    await release("reject", false),
  ]
  return { keep, index, allow, reject }
}

/** What accounts there should be. */
interface Model {
  readonly accounts: Map<number, Values>
  /** The releases that run: one phase, or two neighbours while one takes the place of the other. */
  running: readonly number[]
  /** Whether a release has written plaintext without an index value since `column:index`. */
  unindexed: boolean
  /** Whether a release has written plaintext since `column:encrypt`. */
  unencrypted: boolean
  /** Whether there may be tokens. */
  tokens: boolean
}

const bulkOptions = { keyring, blindIndexKeyring, batchSize: 2 }

/** What is done to the table as a whole. */
type Command = "decrypt" | "encrypt" | "index" | "rotate"

/** One deployment with what is done meanwhile. Everything it does is checked against the model. */
class Rollout {
  readonly #db: TestDatabase
  readonly #releases: Releases
  readonly model: Model = {
    accounts: new Map(),
    running: [0],
    unindexed: true,
    unencrypted: true,
    tokens: false,
  }
  #ring = 0

  constructor(db: TestDatabase, releases: Releases) {
    this.#db = db
    this.#releases = releases
  }

  get overwritesByAnyKey(): boolean {
    return this.#db.name === "MariaDB"
  }

  /** One of the releases that run. */
  pod(choice: number): Repository<Account> {
    const { running } = this.model
    const phase = phases[running[choice % running.length] ?? 0] ?? "keep"
    if (phase === "keep") this.model.unindexed = true
    if (phase === "keep" || phase === "index") this.model.unencrypted = true
    else this.model.tokens = true
    return this.#releases[phase].getRepository(Account)
  }

  /** Goes as far as a phase, with accounts of the releases before. */
  async begin(phase: number, writing: Step): Promise<void> {
    for (let next = 0; next <= phase; next++) {
      if (next === 2) await this.command("index", () => Promise.resolve())
      if (next === 3) await this.command("encrypt", () => Promise.resolve())
      this.model.running = [next]
      await writing(this)
    }
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
    // The guide: "allow" when all is indexed, "reject" when all is encrypted, "keep" without tokens
    if (next < 0 || next > 3) return
    if (next === 0 && this.model.tokens) return
    if (next === 2 && forward && this.model.unindexed) return
    if (next === 3 && this.model.unencrypted) return
    this.model.running = [first, next]
  }

  /** Does to the table what the guide allows at the moment, while writes go on. */
  async command(command: Command, meanwhile: () => Promise<void>): Promise<void> {
    const run = this.#commandFor(command)
    if (!run) return
    let writing: Promise<void> | undefined
    const onProgress = (): void => {
      writing ??= meanwhile()
    }
    const report = await run({ ...bulkOptions, onProgress })
    await (writing ?? meanwhile())
    expect(report).toMatchObject({ completed: true, failed: 0 })
    if (command === "index") this.model.unindexed = false
    if (command === "encrypt") this.model.unencrypted = false
    await this.#inspect()
  }

  #commandFor(command: Command): ((options: BulkOptions) => Promise<BulkReport>) | undefined {
    const { running } = this.model
    const { index, allow } = this.#releases
    switch (command) {
      case "index":
        if (running.includes(0)) return undefined
        return (options) => indexColumns(index, Account, options)
      case "encrypt":
        if (running.some((phase) => phase < 2)) return undefined
        this.model.tokens = true
        return (options) => encryptColumns(allow, Account, options)
      case "rotate":
        if (running.includes(0)) return undefined
        this.#ring = 1 - this.#ring
        return (options) =>
          rotateColumns(allow, Account, { ...options, keyring: rings[this.#ring] ?? keyring })
      case "decrypt":
        // It clears index values: nobody may write tokens, which the column's UNIQUE does not tell apart
        if (running.some((phase) => phase > 1)) return undefined
        this.model.tokens = false
        this.model.unindexed = true
        this.model.unencrypted = true
        return (options) => decryptColumns(index, Account, options)
    }
  }

  /** What the commands count is what there is. */
  async #inspect(): Promise<void> {
    const { index } = this.#releases
    const { columns, indexes, rows } = await inspectColumns(index, Account, bulkOptions)
    expect(rows).toBe(this.model.accounts.size)
    for (const { after } of Object.values(columns)) {
      expect(after.unreadable).toBe(0)
      if (!this.model.tokens) expect([after.current, after.stale]).toEqual([0, {}])
      if (!this.model.unencrypted) expect(after.plaintext).toBe(0)
    }
    for (const counts of Object.values(indexes)) {
      expect(counts.stale).toBe(0)
      if (!this.model.unindexed) expect(counts.missing).toBe(0)
    }
  }

  /** Whatever the mix of releases, each of them finds every value, by its key and by itself. */
  async check(): Promise<void> {
    const { accounts, running } = this.model
    for (const phase of running) {
      const { manager } = this.#releases[phases[phase] ?? "keep"]
      const found = await manager.find(Account, { order: { id: "ASC" } })
      const expected = [...accounts].sort(([a], [b]) => a - b)
      expect(found).toEqual(expected.map(([id, values]) => ({ id, ...values })))
      for (const [id, { email, phone, tenant, nick }] of accounts) {
        expect(await manager.findBy(Account, { email })).toMatchObject([{ id }])
        expect(await manager.findBy(Account, { tenant, nick })).toMatchObject([{ id }])
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
      for (const property of ["email", "phone", "nick"] as const) {
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
  tenant: fc.constantFrom(1, 2),
  nick: fc.constantFrom("ada", "bob", "cleo"),
})

type Step = (rollout: Rollout) => Promise<void> | void

const isTaken = ({ accounts }: Model, id: number, { email, tenant, nick }: Values): boolean =>
  [...accounts].some(
    ([other, values]) =>
      other !== id &&
      (values.email === email || (values.tenant === tenant && values.nick === nick)),
  )

/** A second account with an address, or with a nick of its tenant, is refused by every release, whatever wrote the first. */
async function expectRefusal(writing: Promise<unknown>): Promise<void> {
  await expect(writing).rejects.toMatchObject({ name: "QueryFailedError" })
}

const write: fc.Arbitrary<Step> = fc
  .record({
    pod: fc.nat(1),
    person,
    by: fc.constantFrom("insert", "save", "update", "upsert"),
  })
  .map(({ pod, person: { id, ...values }, by }) => async (rollout) => {
    const { model } = rollout
    const accounts = rollout.pod(pod)
    const exists = model.accounts.has(id)
    const written = async () => {
      if (by === "update") return accounts.update({ id }, values)
      if (by === "save") return accounts.save({ id, ...values })
      if (by === "upsert") return accounts.upsert({ id, ...values }, ["id"])
      return accounts.insert({ id, ...values })
    }
    if ((by === "insert" && exists) || (by === "update" && !exists)) return
    if (isTaken(model, id, values)) {
      // MySQL's upsert would overwrite the account that has it
      if (by === "upsert" && rollout.overwritesByAnyKey) return
      return expectRefusal(written())
    }
    await written()
    model.accounts.set(id, values)
  })

const commandStep = (command: Command): fc.Arbitrary<Step> =>
  fc.array(write, { maxLength: 3 }).map(
    (writes): Step =>
      (rollout) =>
        rollout.command(command, async () => {
          for (const one of writes) await one(rollout)
        }),
  )

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: write },
  {
    weight: 2,
    arbitrary: fc
      .record({ pod: fc.nat(1), person })
      .map(({ pod, person }): Step => async (rollout) => {
        const found = [...rollout.model.accounts].filter(([, { email }]) => email === person.email)
        await rollout.pod(pod).update({ email: person.email }, { phone: person.phone })
        for (const [id, values] of found) {
          rollout.model.accounts.set(id, { ...values, phone: person.phone })
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
  { weight: 2, arbitrary: commandStep("index") },
  { weight: 2, arbitrary: commandStep("encrypt") },
  { weight: 1, arbitrary: commandStep("decrypt") },
  { weight: 1, arbitrary: commandStep("rotate") },
)

const steps = fc.array(step, { minLength: 10, maxLength: 40 })

/** Enough to go all the way and back on one database, and some of it on those behind a socket. */
const runs: Readonly<Record<TestDatabase["name"], number>> = {
  SQLite: 15,
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
      fc.asyncProperty(fc.nat(3), write, steps, async (phase, first, all) => {
        await db.rawRows("DELETE FROM account")
        const rollout = new Rollout(db, releases)
        await rollout.begin(phase, first)
        for (const one of all) {
          await one(rollout)
          await rollout.check()
        }
      }),
      { numRuns: runs[db.name] },
    )
  })

  describe("from end to end", () => {
    const ada = { id: 1, email: "ada@x", phone: "1", tenant: 1, nick: "ada" }
    const unindexed = { email_bidx: null, phone_bidx: null, nick_bidx: null }

    test("has in each phase what it should in the row", async () => {
      await db.rawRows("DELETE FROM account")
      const row = async () => (await rowsOf(db, "account"))[0]
      await releases.keep.manager.insert(Account, ada)
      expect(await row()).toEqual({ ...ada, ...unindexed })

      await releases.index.manager.update(Account, { id: 1 }, { email: "bob@x" })
      expect(await row()).toMatchObject({ email: "bob@x", phone_bidx: null })
      expect((await row())?.email_bidx).toEqual(expect.any(String))

      await releases.keep.manager.save(Account, ada)
      expect(await row()).toEqual({ ...ada, ...unindexed })

      await indexColumns(releases.index, Account, bulkOptions)
      expect(await row()).toMatchObject(ada)
      const { email_bidx } = (await row()) ?? {}
      expect(email_bidx).toEqual(expect.any(String))

      await encryptColumns(releases.allow, Account, bulkOptions)
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

    test("admits a second account where allow comes before column:index, and lists it then", async () => {
      await db.rawRows("DELETE FROM account")
      await releases.keep.manager.insert(Account, ada)
      await releases.allow.manager.insert(Account, { ...ada, id: 2 })

      const report = await encryptColumns(releases.allow, Account, bulkOptions)

      expect(report).toMatchObject({ indexes: { "Account.email_bidx": { missing: 1 } } })
      expect(report.failures.map(({ key }) => key)).toContainEqual(["1"])
      expect(await releases.allow.manager.find(Account, { order: { id: "ASC" } })).toEqual([
        ada,
        { ...ada, id: 2 },
      ])
    })

    test("admits a second account where keep goes beside tokens, until they are decrypted", async () => {
      await db.rawRows("DELETE FROM account")
      await releases.allow.manager.insert(Account, ada)
      await releases.keep.manager.insert(Account, { ...ada, id: 2 })
      expect(await releases.keep.manager.countBy(Account, { email: ada.email })).toBe(2)

      await releases.keep.manager.delete(Account, 2)
      await decryptColumns(releases.index, Account, bulkOptions)

      await expectRefusal(releases.keep.manager.insert(Account, { ...ada, id: 2 }))
    })

    test("does not begin to encrypt, or to index, what a release still leaves", async () => {
      const misuse = { code: "ERR_COLUMN_MISUSE" }

      await expect(encryptColumns(releases.index, Account)).rejects.toMatchObject(misuse)
      await expect(indexColumns(releases.keep, Account)).rejects.toMatchObject(misuse)
    })
  })
})
