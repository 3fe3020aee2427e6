import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { DataSource } from "typeorm"

import { decryptColumns, encryptColumns, inspectColumns, rotateColumns } from "../../../src"
import { keyring } from "../../support/keys"
import { startOwnServer, startStandbyOf } from "../../support/postgres/own-server"
import type { PostgresServer } from "../../support/postgres/postgres-server"
import { describeOnOwnServers } from "./own-servers"

const visits = { table: "visit", columns: { diagnosis: {} } }

describeOnOwnServers(
  "a hot standby",
  "needs two PostgreSQL of the tests' own, of which one follows the other",
  (binaries) => {
    let servers: readonly Omit<PostgresServer, "kind">[] = []
    let sources: readonly DataSource[] = []

    beforeAll(async () => {
      const primary = await startOwnServer(binaries, false)
      servers = [primary]
      const source = await open(primary.url)
      await source.query("CREATE TABLE visit (id int PRIMARY KEY, diagnosis text)")
      await source.query("INSERT INTO visit VALUES (1, $1), (2, $1)", [keyring.encrypt("flu")])
      const standby = await startStandbyOf(binaries, primary)
      servers = [primary, standby]
      sources = [source, await open(standby.url)]
    })

    afterAll(async () => {
      for (const source of sources) await source.destroy()
      for (const server of servers.toReversed()) await server.stop()
    })

    const open = (url: string): Promise<DataSource> =>
      new DataSource({ type: "postgres", url }).initialize()

    test("is refused before anything else, saying where to go", async () => {
      const [, standby] = sources
      if (!standby) throw new Error("There is no standby.")
      expect(await standby.query("SELECT pg_is_in_recovery() AS standby")).toEqual([
        { standby: true },
      ])

      for (const run of [encryptColumns, rotateColumns, decryptColumns]) {
        await expect(run(standby, visits, { keyring })).rejects.toMatchObject({
          code: "ERR_COLUMN_MISUSE",
          problems: [expect.stringMatching(/^visit is read-only here.*Connect to the primary/)],
        })
      }
    })

    test("is looked at all the same, also in a dry run", async () => {
      const [, standby] = sources
      if (!standby) throw new Error("There is no standby.")

      const verified = await inspectColumns(standby, visits, { keyring })
      const dry = await encryptColumns(standby, visits, { keyring, dryRun: true })

      expect(verified).toMatchObject({ rows: 2, failed: 0 })
      expect(dry).toMatchObject({ changed: 0, completed: true })
    })
  },
)
