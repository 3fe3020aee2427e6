import { beforeEach, describe, expect, test } from "@jest/globals"
import type { DataSource } from "typeorm"

import { type BulkOptions, decryptColumns, encryptColumns } from "../../../src"
import { eachDatabase, type TestDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { until } from "../../support/until"
import { open } from "../stored"
import { patients, patientSsns } from "./patients"
import { createValues } from "./processes"

const pooler = process.env.PGBOUNCER_URL

if (pooler) {
  eachDatabase("behind a pooler that hands out sessions by the transaction, a run", (db) => {
    if (db.name === "PostgreSQL") declareBehind(db, pooler)
    else test.todo(`has no pooler in front of ${db.name}`)
  })
} else {
  describe.skip("a run behind PgBouncer (skipped: PGBOUNCER_URL is not set)", () => {
    test.todo("needs PgBouncer in transaction mode, in front of the server at DATABASE_URL")
  })
}

function declareBehind(db: TestDatabase, url: string): void {
  let source: DataSource

  beforeEach(async () => {
    await createValues(db, 100)
    source = await throughPooler()
  })

  async function throughPooler(poolSize = 10): Promise<DataSource> {
    const { pathname } = new URL((db.options() as { url: string }).url)
    return db.connect({ ...{ url: new URL(pathname, url).href }, poolSize })
  }

  const options: BulkOptions = { keyring, batchSize: 10, lockTimeoutMs: 50 }

  /** What a session of the pooler has for others. */
  const seenByOthers = (others: DataSource): Promise<unknown> =>
    others.query(
      "SELECT current_setting('lock_timeout'), current_setting('statement_timeout') AS s",
    )

  test("encrypts and decrypts, and no session keeps a setting of its own", async () => {
    const others = await throughPooler()
    const usual = await seenByOthers(others)
    const seen: unknown[] = []
    const asked: Promise<unknown>[] = []
    const onProgress = (): void => {
      asked.push(...[1, 2, 3].map(async () => seen.push(await seenByOthers(others))))
    }

    const report = await encryptColumns(source, patients, { ...options, onProgress })
    const tokens = await patientSsns(db)
    await decryptColumns(source, patients, { ...options, onProgress })
    await Promise.all(asked)

    expect(report).toMatchObject({ completed: true, changed: 100, failed: 0 })
    expect(tokens.map(open)[41]).toBe("value 42")
    expect((await patientSsns(db))[41]).toBe("value 42")
    expect(seen.length).toBeGreaterThan(20)
    expect(seen).toEqual(seen.map(() => usual))
  })

  test("waits no longer for a lock than it was told", async () => {
    const application = (await db.connect()).createQueryRunner()
    await application.startTransaction()
    await application.query("UPDATE patient SET ssn = 'late' WHERE id = 50")
    const running = encryptColumns(source, patients, options)
    const waits = new Set<string>()
    await until(async () => {
      const waiting = await db.rawRows(
        "SELECT xact_start::text AS since FROM pg_stat_activity " +
          "WHERE datname = current_database() AND wait_event_type = 'Lock'",
      )
      for (const { since } of waiting) waits.add(String(since))
      return waits.size > 1
    })
    await application.commitTransaction()

    expect(await running).toMatchObject({ completed: true, failed: 0 })
    expect((await patientSsns(db)).map(open)[49]).toBe("late")
    await application.release()
  })

  test("keeps other runs out as long as it lasts, holds nothing back, and leaves no lock", async () => {
    const controller = new AbortController()
    let running: Promise<unknown> | undefined
    await new Promise<void>((resolve) => {
      running = encryptColumns(source, patients, {
        ...{ ...options, concurrency: 1, pauseMs: 2 ** 30, signal: controller.signal },
        onProgress: () => {
          resolve()
        },
      })
    })
    const [held] = await db.rawRows(
      "SELECT count(*) AS locks, count(a.backend_xmin) AS horizons, count(a.backend_xid) AS writers " +
        "FROM pg_locks l JOIN pg_stat_activity a USING (pid) " +
        "WHERE l.locktype = 'advisory' AND a.datname = current_database()",
    )

    const others = [await throughPooler(), await db.connect()]
    for (const other of others) {
      await expect(encryptColumns(other, patients, options)).rejects.toMatchObject({
        code: "ERR_ALREADY_RUNNING",
      })
    }
    controller.abort()
    await running

    expect(held).toEqual({ locks: "1", horizons: "0", writers: "0" })
    await expect(encryptColumns(others[0] ?? source, patients, options)).resolves.toMatchObject({
      completed: true,
    })
    expect(
      await db.rawRows(
        "SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid) " +
          "WHERE locktype = 'advisory' AND datname = current_database()",
      ),
    ).toEqual([])
  })

  test("says what to do where there is no connection for its lock", async () => {
    const narrow = await throughPooler(1)

    await expect(encryptColumns(narrow, patients, options)).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED_DATABASE",
      message: expect.stringContaining("Let the pool have one more") as unknown,
    })

    expect((await patientSsns(db))[0]).toBe("value 1")
    await expect(
      encryptColumns(narrow, patients, { ...options, force: true }),
    ).resolves.toMatchObject({ completed: true })
  })

  test("is a part of a transaction of the caller's", async () => {
    const runner = source.createQueryRunner()
    await runner.startTransaction()

    await encryptColumns(runner, patients, options)
    await runner.rollbackTransaction()
    await runner.release()

    expect((await patientSsns(db))[0]).toBe("value 1")
    await encryptColumns(source, patients, options)
    expect((await patientSsns(db)).map(open)[0]).toBe("value 1")
  })
}
