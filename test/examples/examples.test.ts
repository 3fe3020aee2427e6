import { readdirSync } from "node:fs"
import { join } from "node:path"
import { stripVTControlCharacters } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"

import { generateKey } from "../../src"
import { databasesAskedFor } from "../support/database-names"
import type { FreshDatabase } from "../support/fresh-database"
import { freshPostgres } from "../support/postgres/fresh-postgres"
import { serverVariables } from "../support/servers"
import { runTypeScript } from "./run-example"

/** Modules that other programs load, and the demo, which has tests of its own. */
const notStandalone = ["demo.ts", "typeorm-cli.ts"]

const examples = readdirSync(join(__dirname, "..", "..", "examples")).filter(
  (name) => name.endsWith(".ts") && !notStandalone.includes(name),
)

const describeOnPostgres =
  (databasesAskedFor()?.has("PostgreSQL") ?? true) ? describe : describe.skip

describeOnPostgres("examples", () => {
  let database: FreshDatabase
  let environment: NodeJS.ProcessEnv

  beforeAll(async () => {
    database = await freshPostgres(String(process.env[serverVariables.postgresUrl]))
    const { url } = database.connection as { readonly url: string }
    environment = { DATABASE_URL: url, ENCRYPTION_KEY: generateKey(), TEST_DB: "" }
  })

  afterAll(async () => {
    await database.drop()
  })

  test.each(examples)("%s runs to its end", async (name) => {
    await database.clear()

    const { status, stderr } = await runTypeScript(`examples/${name}`, environment)

    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  })

  test("typeorm-cli.ts gives TypeORM's CLI a DataSource without keys", async () => {
    await database.clear()

    const cli = ["schema:log", "--dataSource", "examples/typeorm-cli.ts"]
    const keyless = { ...environment, ENCRYPTION_KEY: "", ENCRYPTION_KEY_FILE: "" }
    const { stdout } = await runTypeScript("node_modules/typeorm/cli.js", keyless, cli)

    expect(stripVTControlCharacters(stdout)).toContain('"ssn" text NOT NULL')
  })

  test("the demo drops its table in a database of one's own", async () => {
    await database.clear()

    const { status, stdout } = await runTypeScript("examples/demo.ts", environment)

    expect({ status, stdout }).toMatchObject({ status: 0 })
    expect(stdout).toContain("PostgreSQL")
    expect(await database.query("SELECT * FROM pg_tables WHERE schemaname = 'public'")).toEqual([])
  })
})
