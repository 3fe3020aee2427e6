import assert from "node:assert/strict"
import { test } from "node:test"

import { DataSource, type Logger } from "typeorm"
import { generateKey, withEncryption } from "typeorm-fernet"

import { ApiKeys } from "../api-keys/api-keys.js"
import { KeyStore } from "../config/key-store.js"
import { dataSourceOptions, keyOptions } from "../database/data-source-options.js"
import { prepareDatabase } from "../database/prepare-database.js"
import { ApiKey } from "../entities/api-key.js"
import { User } from "../entities/user.js"
import { freshDatabase } from "./support/database.js"

test("one indexed statement looks a key up, whether it is known, revoked, expired or unknown", async () => {
  const statements: { sql: string; parameters: unknown[] }[] = []
  const ignore = () => undefined
  const logger: Logger = {
    logQuery: (sql, parameters) =>
      void statements.push({ sql, parameters: parameters as unknown[] }),
    ...{
      logQueryError: ignore,
      logQuerySlow: ignore,
      logSchemaBuild: ignore,
      logMigration: ignore,
      log: ignore,
    },
  }
  const keys = KeyStore.find({ ENCRYPTION_KEY: generateKey() })
  const database = await freshDatabase()
  await prepareDatabase(database.url, keys, { cameras: 0 })
  const options = { ...dataSourceOptions(database.url), logger }
  const dataSource = withEncryption(new DataSource(options), keyOptions(keys))
  await dataSource.initialize()
  const owner = await dataSource
    .getRepository(User)
    .save({ email: "a@example.com", passwordHash: "", role: "member" })
  const apiKeys = new ApiKeys(dataSource.getRepository(ApiKey))
  const make = (expiresAt = new Date(Date.now() + 60_000)) =>
    apiKeys.create({ ownerId: owner.id, name: "n", scopes: ["read"], expiresAt })
  const [known, revoked, expired] = [await make(), await make(), await make(new Date(0))]
  await apiKeys.revoke(revoked.saved.id, owner.id, "")
  // So that the time of the last use is not written again
  assert.equal((await apiKeys.verify(known.key))?.id, known.saved.id)

  const statementsFor = async (key: string) => {
    statements.length = 0
    const found = await apiKeys.verify(key)
    return { isFound: found !== undefined, sql: statements.map(({ sql }) => sql) }
  }

  const forKnown = await statementsFor(known.key)
  assert.equal(forKnown.isFound, true)
  assert.equal(forKnown.sql.length, 1)
  for (const key of [
    revoked.key,
    expired.key,
    `${known.key.slice(0, -1)}~`,
    "",
    "x".repeat(4000),
  ]) {
    assert.deepEqual(await statementsFor(key), { isFound: false, sql: forKnown.sql })
  }
  const [{ sql = "", parameters = [] } = {}] = statements
  assert.ok(!JSON.stringify(parameters).includes("x".repeat(10)))
  const plan = await dataSource.transaction(async (manager) => {
    await manager.query("SET LOCAL enable_seqscan = off")
    return manager.query<object[]>(`EXPLAIN ${sql}`, parameters)
  })
  assert.match(JSON.stringify(plan), /Index Scan using .*IDX_9faeae4c606f7a1e464e88a356/)
  await dataSource.destroy()
})

test("the migrations leave the tables as the entities have them", async () => {
  const keys = KeyStore.find({ ENCRYPTION_KEY: generateKey() })
  const database = await freshDatabase()
  await prepareDatabase(database.url, keys, { cameras: 3 })
  const dataSource = withEncryption(
    new DataSource(dataSourceOptions(database.url)),
    keyOptions(keys),
  )
  await dataSource.initialize()

  const { upQueries } = await dataSource.driver.createSchemaBuilder().log()

  assert.deepEqual(
    upQueries.map(({ query }) => query),
    [],
  )
  // And back: what was plaintext before is plaintext again
  await dataSource.undoLastMigration()
  const rows = await database.query<{ password: string }>(
    "SELECT password FROM cameras ORDER BY name",
  )
  assert.deepEqual(
    rows.map(({ password }) => password),
    ["from-before-1", "from-before-2", "from-before-3"],
  )
  await dataSource.destroy()
})
