import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals"

import { eachDatabase } from "../../support/databases"
import { until } from "../../support/until"
import { cliOn, type CliOnDatabase, createCustomers, encryptedPhones } from "./cli-on-database"

const customers = 4000

/** It rests for so long after a batch that nothing but a signal ends it. */
const resting = ["--batch", "100", "--pause", "600000"]

eachDatabase("commands on columns", (db) => {
  let cli: CliOnDatabase

  beforeAll(() => {
    cli = cliOn(db)
  })

  afterAll(() => {
    cli.close()
  })

  beforeEach(async () => {
    await createCustomers(db, customers)
  })

  test("encrypt, prove it, and go back", async () => {
    const checked = await cli.run("column:encrypt", "--check")
    expect(await encryptedPhones(db)).toBe(0)
    const encrypted = await cli.run("column:encrypt", "--concurrency", "12", "--batch", "100")
    expect(await encryptedPhones(db)).toBe(customers)
    const verified = await cli.run("column:verify", "--sample", "50%")
    const status = await cli.run("column:status", "--check")
    const decrypted = await cli.run("column:decrypt", "--yes")

    expect([checked.code, encrypted.code, verified.code, status.code]).toEqual([1, 0, 0, 0])
    expect(encrypted.stdout).toContain("customer: 4,000 rows encrypted")
    expect(decrypted.code).toBe(0)
    expect(await encryptedPhones(db)).toBe(0)
  })

  test("stop after a batch on SIGTERM, and go on when they are run again", async () => {
    const { kill, ended } = await cli.start("column:encrypt", ...resting)
    await until(async () => (await encryptedPhones(db)) > 0)
    kill("SIGTERM")
    const stopped = await ended
    const first = await encryptedPhones(db)
    const next = await cli.run("column:encrypt")

    expect(stopped.code).toBe(143)
    expect(first).toBeLessThan(customers)
    expect(next.code).toBe(0)
    expect(await encryptedPhones(db)).toBe(customers)
  })

  test("give a column its type back", async () => {
    if (db.name === "SQLite") return
    await createCustomers(db, 10, "varchar(20)")

    const refused = await cli.run("column:encrypt")
    const encrypted = await cli.run("column:encrypt", "--alter")
    const restore = ["--yes", "--restore-type", "Customer.phone=varchar(20)"]
    const decrypted = await cli.run("column:decrypt", ...restore, "--json")

    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/Run, or pass --alter: .*ALTER TABLE/)
    expect(encrypted.code).toBe(0)
    expect(decrypted.code).toBe(0)
    expect(decrypted.stdout).toContain("varchar(20)")
    expect(await encryptedPhones(db)).toBe(0)
  })

  test("give types back once, and say so to who asks again", async () => {
    if (db.name === "SQLite") return
    await createCustomers(db, 10, "char(20)")
    await cli.run("column:encrypt", "--alter")
    const restore = ["--yes", "--restore-type", "Customer.phone=char(20)", "Customer.credit=int"]
    await cli.run("column:decrypt", ...restore)

    const again = await cli.run("column:decrypt", ...restore)

    expect(again).toMatchObject({ code: 0, stderr: "" })
    expect(again.stdout).toContain("Customer.phone has its type back")
  })

  test("share a table by shards", async () => {
    if (db.name === "SQLite") return
    const shards = ["0/3", "1/3", "2/3"]
    const outcomes = await Promise.all(
      shards.map((shard) => cli.run("column:encrypt", "--shard", shard, "--json")),
    )

    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(await encryptedPhones(db)).toBe(customers)
    // Checked by the assertion below
    const results = outcomes.map(
      ({ stdout }) => JSON.parse(stdout) as { tables: [{ changed: number }] },
    )
    const changed = results.map(({ tables: [table] }) => table.changed)
    expect(changed.reduce((sum, count) => sum + count)).toBe(customers)
    expect(Math.min(...changed)).toBeGreaterThan(0)
  })

  test("refuse a table that another run has", async () => {
    if (db.name === "SQLite") return
    const { kill, ended } = await cli.start("column:encrypt", ...resting)
    await until(async () => (await encryptedPhones(db)) > 0)
    const other = await cli.run("column:encrypt")
    kill("SIGINT")

    expect(other.code).toBe(1)
    expect(other.stderr).toContain("error: ERR_ALREADY_RUNNING: ")
    expect((await ended).code).toBe(130)
  })
})
