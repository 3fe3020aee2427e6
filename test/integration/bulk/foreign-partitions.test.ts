import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { Client } from "pg"
import { DataSource } from "typeorm"

import { decryptColumns, encryptColumns, Keyring, rotateColumns } from "../../../src"
import { keyring, keys } from "../../support/keys"
import { startOwnServer } from "../../support/postgres/own-server"
import type { PostgresServer } from "../../support/postgres/postgres-server"
import { describeOnOwnServers } from "./own-servers"

describeOnOwnServers(
  "a table whose partitions are on other servers",
  "needs several PostgreSQL of the tests' own, joined by postgres_fdw",
  (binaries) => {
    /** The one that is asked, and two that hold its rows. */
    let servers: readonly Omit<PostgresServer, "kind">[] = []
    let source: DataSource

    beforeAll(async () => {
      servers = await Promise.all([1, 2, 3].map(() => startOwnServer(binaries, false)))
      source = new DataSource({ type: "postgres", url: urlOf(0) })
      await source.initialize()
      await run(
        0,
        "CREATE EXTENSION postgres_fdw; " +
          "CREATE TABLE visit (id int, year int, diagnosis text) PARTITION BY RANGE (year)",
      )
      for (const [at, range] of [
        [1, "FROM (0) TO (2000)"],
        [2, "FROM (2000) TO (3000)"],
      ] as const) {
        await run(
          at,
          "CREATE TABLE visit (id int, year int, diagnosis text, PRIMARY KEY (year, id))",
        )
        const { hostname, port } = new URL(urlOf(at))
        await run(
          0,
          `CREATE SERVER s${at} FOREIGN DATA WRAPPER postgres_fdw
             OPTIONS (host '${hostname}', port '${port}', dbname 'postgres');
           CREATE USER MAPPING FOR postgres SERVER s${at} OPTIONS (user 'postgres');
           CREATE FOREIGN TABLE visit${at} PARTITION OF visit FOR VALUES ${range}
             SERVER s${at} OPTIONS (table_name 'visit')`,
        )
      }
      const rows = Array.from({ length: 40 }, (_, i) => `(${i}, ${1980 + i}, 'ache ${i}')`)
      await run(0, `INSERT INTO visit VALUES ${rows.join(", ")}`)
    })

    afterAll(async () => {
      await source.destroy()
      await Promise.all(servers.map((server) => server.stop()))
    })

    const urlOf = (at: number): string => servers[at]?.url ?? ""

    async function run(at: number, sql: string): Promise<{ diagnosis: string }[]> {
      const client = new Client(urlOf(at))
      await client.connect()
      try {
        return (await client.query<{ diagnosis: string }>(sql)).rows
      } finally {
        await client.end()
      }
    }

    const stored = async (at: number): Promise<readonly string[]> =>
      (await run(at, "SELECT diagnosis FROM visit ORDER BY id")).map(({ diagnosis }) => diagnosis)

    test("is encrypted, rotated and decrypted by the columns that tell its rows apart", async () => {
      const visits = { table: "visit", primaryKey: ["year", "id"], columns: { diagnosis: {} } }
      const options = { keyring, batchSize: 7 }
      const ring = new Keyring([keys.second, keys.first])

      const encrypted = await encryptColumns(source, visits, options)
      const tokens = [...(await stored(1)), ...(await stored(2))]
      const rotated = await rotateColumns(source, visits, { ...options, keyring: ring })
      const moved = await stored(2)
      await decryptColumns(source, visits, { ...options, keyring: ring })

      expect(encrypted).toMatchObject({ completed: true, rows: 40, changed: 40, failed: 0 })
      expect(tokens.map((token) => keyring.decryptText(token))[39]).toBe("ache 39")
      expect(rotated).toMatchObject({ completed: true, changed: 40, failed: 0 })
      expect(new Keyring([keys.second]).decryptText(moved[0] ?? "")).toBe("ache 20")
      expect(await stored(1)).toEqual(Array.from({ length: 20 }, (_, i) => `ache ${i}`))
    })

    test("is refused without them, saying how to name them", async () => {
      const visits = { table: "visit", columns: { diagnosis: {} } }

      await expect(encryptColumns(source, visits, { keyring })).rejects.toMatchObject({
        code: "ERR_COLUMN_MISUSE",
        message: expect.stringContaining("Describe it with `primaryKey`") as unknown,
      })
    })
  },
)
