import { join } from "node:path"

import { expect, test } from "@jest/globals"
import type { DataSource } from "typeorm"

import {
  decryptRaw,
  encryptColumns,
  indexColumns,
  type PlaintextPhase,
  searchFor,
  withEncryption,
} from "../../src"
import { startProcess, type TestProcess } from "../integration/bulk/processes"
import { eachDatabase } from "../support/databases"
import { keyring, keys } from "../support/keys"
import { Account } from "./account"
import { rounds } from "./rounds"

type Truth = Readonly<Record<string, string>>

/** Lines, of ten writes each, that two releases write beside each other. */
const lines = 3 * rounds

eachDatabase("releases of neighbouring phases in processes of their own", (db) => {
  if (db.name === "SQLite") {
    test.skip("(SQLite has one writer at a time)", () => undefined)
    return
  }

  const connect = (plaintext: PlaintextPhase, synchronize = false): Promise<DataSource> =>
    db.connect({ entities: [Account], synchronize }, (unbound) =>
      withEncryption(unbound, { keyring, plaintext }),
    )

  const start = (phase: PlaintextPhase, share: 0 | 1): TestProcess<Truth> => {
    const { type, url = "" } = db.options() as { type: string; url?: string }
    const args = [type, url, phase, String(share), keys.first]
    return startProcess(join(__dirname, "release-process.ts"), args)
  }

  /** Ends a release, whose accounts must be what a release of another phase reads. */
  async function finish(release: TestProcess<Truth>, share: 0 | 1, reader: DataSource) {
    release.stop()
    const truth = await release.result()
    const rows = await reader.manager.find(Account)
    const own = rows.filter(({ id }) => id % 2 === share)
    expect(Object.fromEntries(own.map(({ id, email }) => [id, email]))).toEqual(truth)
  }

  /** No companion is another row's, and no two accounts have one address. */
  async function checkRows(source: DataSource): Promise<void> {
    const rows = await db.rawRows("SELECT email, email_bidx FROM account")
    const opened = decryptRaw(source, Account, rows, { email: "email" })
    const found = opened.map(({ email }) => email)
    expect(new Set(found).size).toBe(found.length)
    for (const { email, email_bidx } of opened) {
      if (email_bidx === null) continue
      expect(email_bidx).toBe(searchFor(source, Account, "email", email)[0])
    }
  }

  const meanwhile = async (...running: readonly TestProcess<Truth>[]): Promise<void> => {
    await Promise.all(running.map((release) => release.printed(lines)))
  }

  test("lose no value, leave no companion behind and admit no second account", async () => {
    const index = await connect("index", true)
    await db.rawRows("CREATE UNIQUE INDEX one_email ON account (email)")
    const allow = await connect("allow")

    const releases = { keep: start("keep", 0), index: start("index", 1) }
    await Promise.all([releases.keep.begin(), releases.index.begin()])
    await meanwhile(releases.keep, releases.index)
    await finish(releases.keep, 0, index)

    const indexed = await indexColumns(index, Account, { keyring, batchSize: 4 })
    expect(indexed).toMatchObject({ completed: true, failed: 0 })
    await checkRows(index)

    const allowing = start("allow", 0)
    await allowing.begin()
    await meanwhile(allowing)
    await finish(releases.index, 1, allow)

    const encrypted = await encryptColumns(allow, Account, { keyring, batchSize: 4 })
    expect(encrypted).toMatchObject({ completed: true, failed: 0 })

    const reject = await connect("reject")
    const rejecting = start("reject", 1)
    await rejecting.begin()
    await meanwhile(rejecting)
    await finish(allowing, 0, reject)
    await finish(rejecting, 1, reject)

    await checkRows(reject)
    const stored = await db.rawRows("SELECT email, email_bidx FROM account")
    expect(stored.length).toBeGreaterThan(0)
    for (const { email, email_bidx } of stored) {
      expect(email).toMatch(/^gAAAAA/)
      expect(email_bidx).toEqual(expect.any(String))
    }
  })
})
