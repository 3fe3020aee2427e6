import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { Client } from "pg"
import { DataSource, type DataSourceOptions } from "typeorm"

import { encryptColumns, type BulkOptions } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { startOwnServer } from "../../support/postgres/own-server"
import type { PostgresServer } from "../../support/postgres/postgres-server"
import { embeddedBinaries } from "../../support/postgres/server-binaries"
import { open } from "../stored"
import { newestOnly } from "./newest-only"
import { openLine } from "./outage"
import { patients, patientSsns } from "./patients"
import { createValues } from "./processes"

const rows = 1_000
const slow = { keyring, batchSize: 25, pauseMs: 2 } as const
const all = Array.from({ length: rows }, (_, i) => `value ${i + 1}`)

/** Options that run a function once, when the command is in the middle of its work. */
function inTheMiddle(interrupt: () => Promise<unknown>): {
  readonly options: BulkOptions
  readonly over: () => unknown
} {
  let interrupted: Promise<unknown> | undefined
  const onProgress: BulkOptions["onProgress"] = ({ done, total }) => {
    if (done > total / 3) interrupted ??= interrupt()
  }
  return { options: { ...slow, onProgress }, over: () => interrupted }
}

eachDatabase("a bulk command", (db) => {
  test("stops after the batch at hand when it is aborted, and a next run completes", async () => {
    await createValues(db, rows)
    const source = await db.connect()
    const controller = new AbortController()
    const middle = inTheMiddle(async () => {
      await Promise.resolve()
      controller.abort()
    })

    const { signal } = controller
    const report = await encryptColumns(source, patients, { ...middle.options, signal })
    const left = (await patientSsns(db)).filter((cell) => !cell?.startsWith("gAAAAA")).length
    const next = await encryptColumns(source, patients, { keyring })

    expect(report).toMatchObject({ completed: false, changed: rows - left })
    expect(left).toBeGreaterThan(rows / 3)
    expect(next).toMatchObject({ completed: true, changed: left })
    expect((await patientSsns(db)).map(open)).toEqual(all)
  })

  test("that is aborted before it begins writes nothing", async () => {
    await createValues(db, rows)

    const report = await encryptColumns(await db.connect(), patients, {
      keyring,
      signal: AbortSignal.abort(),
    })

    expect(report).toMatchObject({ completed: false, changed: 0 })
    expect(await patientSsns(db)).toEqual(all)
  })

  if (db.name === "SQLite") return

  /** A DataSource whose connections go through a line that can be cut. */
  async function throughLine() {
    const { url = "", ...options } = db.options() as { url?: string } & DataSourceOptions
    const line = await openLine(url)
    const source = new DataSource({ ...options, url: line.url } as DataSourceOptions)
    await source.initialize()
    const close = async (): Promise<void> => {
      await source.destroy()
      await line.close()
    }
    return { source, line, close }
  }

  newestOnly(() => {
    test("goes on when its connections are cut and refused for a while", async () => {
      await createValues(db, rows)
      const { source, line, close } = await throughLine()
      const middle = inTheMiddle(() => line.cut(3))

      const report = await encryptColumns(source, patients, middle.options)
      await middle.over()

      expect(report).toMatchObject({ completed: true, failed: 0 })
      expect((await patientSsns(db)).map(open)).toEqual(all)
      await close()
    })

    test("goes on when its new connections end as soon as they have logged in", async () => {
      await createValues(db, rows)
      const { source, line, close } = await throughLine()
      const middle = inTheMiddle(() => line.cutAfterLogin(3))

      const report = await encryptColumns(source, patients, middle.options)
      await middle.over()

      expect(report).toMatchObject({ completed: true, failed: 0 })
      expect((await patientSsns(db)).map(open)).toEqual(all)
      await close()
    })

    test("ends with an error where the first ones do", async () => {
      await createValues(db, rows)
      const { source, line, close } = await throughLine()
      // The pool has to open another
      const held = source.createQueryRunner()
      await held.connect()
      const cut = line.cutAfterLogin(1)

      const running = encryptColumns(source, patients, { keyring })

      await expect(running).rejects.toBeInstanceOf(Error)
      await cut
      await held.release()
      expect(await patientSsns(db)).toEqual(all)
      await close()
    })

    test("goes on when the server ends its sessions", async () => {
      await createValues(db, rows)
      const source = await db.connect()
      const middle = inTheMiddle(async () => {
        for (const { statement } of await db.rawRows(
          db.name === "PostgreSQL"
            ? "SELECT format('SELECT pg_terminate_backend(%s)', pid) AS statement " +
                "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            : "SELECT concat('KILL ', id) AS statement FROM information_schema.processlist " +
                "WHERE db = database() AND id <> connection_id()",
        )) {
          await db.rawRows(String(statement))
        }
      })

      // Keeps the first run from its end until the second has had its answer
      await db.rawRows("START TRANSACTION")
      await db.rawRows(`SELECT id FROM patient WHERE id = ${rows} FOR UPDATE`)
      let second: Promise<unknown> | undefined
      const onProgress: BulkOptions["onProgress"] = (progress) => {
        middle.options.onProgress?.(progress)
        // By now the first run has new connections, and the table's lock on one of them
        if (progress.done > progress.total * 0.8) {
          second ??= db
            .connect()
            .then((other) => encryptColumns(other, patients, { keyring }))
            .catch((error: unknown) => error)
            .finally(() => void db.rawRows("COMMIT"))
        }
      }

      const report = await encryptColumns(source, patients, { ...middle.options, onProgress })
      await middle.over()

      expect(report).toMatchObject({ completed: true, failed: 0 })
      expect((await patientSsns(db)).map(open)).toEqual(all)
      expect(await second).toMatchObject({ code: "ERR_ALREADY_RUNNING" })
    })
  })
})

newestOnly(() => {
  describe("a bulk command on a PostgreSQL that crashes", () => {
    let server: Omit<PostgresServer, "kind">

    beforeAll(async () => {
      // Otherwise it would forget the last commits, the rows of this test among them
      server = await startOwnServer(embeddedBinaries(), true)
    })

    afterAll(async () => {
      await server.stop()
    })

    async function ask(sql: string): Promise<readonly Record<string, unknown>[]> {
      const client = new Client({ connectionString: server.url })
      await client.connect()
      const { rows } = await client.query<Record<string, unknown>>(sql)
      await client.end()
      return rows
    }

    test("goes on when the server has recovered", async () => {
      await ask("CREATE TABLE patient (id int PRIMARY KEY, ssn text, note text)")
      await ask(`INSERT INTO patient SELECT i, 'value ' || i FROM generate_series(1, ${rows}) i`)
      const source = new DataSource({ type: "postgres", url: server.url })
      await source.initialize()
      // A child of the server that dies takes all sessions down, and has the server recover
      const [{ pid } = {}] = await ask(
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'",
      )
      const middle = inTheMiddle(() => Promise.resolve(process.kill(Number(pid), "SIGKILL")))

      const report = await encryptColumns(source, patients, middle.options)

      expect(report).toMatchObject({ completed: true, failed: 0 })
      const stored = await ask("SELECT ssn FROM patient ORDER BY id")
      expect(stored.map(({ ssn }) => open(ssn))).toEqual(all)
      await source.destroy()
    })
  })
})
