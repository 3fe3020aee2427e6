import assert from "node:assert/strict"
import { appendFileSync, readFileSync, statSync } from "node:fs"
import { test } from "node:test"
import { parseEnv } from "node:util"

import { makeVault } from "./support/vault.js"

const ROWS = 60_000

const plaintextIn = "SELECT count(*)::int AS left FROM cameras WHERE password LIKE 'from-before-%'"

test("a first start makes its keys, and encrypts what is stored in plaintext; killed, it goes on", async () => {
  const vault = await makeVault({ SEED_CAMERAS: String(ROWS) })
  const starting = vault.start().catch(() => undefined)
  await vault.line(/^Encrypting cameras: [1-9]\d* of/)

  await vault.kill()
  await starting

  const [half] = await vault.database.query<{ left: number }>(plaintextIn)
  assert.ok(half && half.left > 0 && half.left < ROWS, JSON.stringify(half))
  const env = readFileSync(vault.envFile, "utf8")
  assert.equal(statSync(vault.envFile).mode & 0o777, 0o600)
  assert.match(vault.lines.join("\n"), /Made ENCRYPTION_KEY.*which only you can read/)
  await vault.start()
  assert.equal(readFileSync(vault.envFile, "utf8"), env)
  const [done] = await vault.database.query<{ left: number }>(plaintextIn)
  assert.deepEqual(done, { left: 0 })
  const rows = await vault.database.query<{ rows: number }>(
    "SELECT count(*)::int AS rows FROM cameras",
  )
  assert.deepEqual(rows, [{ rows: ROWS }])
  const admin = await vault.admin()
  const { body } = await admin.get("/api/v1/cameras?limit=1")
  assert.equal(body[0].password, "****")
  const { ENCRYPTION_KEY: key = "" } = parseEnv(env)
  assert.ok(!vault.lines.join("\n").includes(key))
  // Whoever still has an application that writes plaintext is told so by the database
  const insert = "UPDATE cameras SET password = 'plaintext'"
  await assert.rejects(vault.database.query(insert), /violates check constraint/)
})

test("with the key of another environment it does not start", async () => {
  const vault = await makeVault({ SEED_CAMERAS: "3" })
  await vault.start()
  await vault.stop()
  const text = readFileSync(vault.envFile, "utf8")
  const { ENCRYPTION_KEY: key = "" } = parseEnv(text)
  const other = `${key.slice(0, 20)}${key[20] === "A" ? "B" : "A"}${key.slice(21)}`

  await assert.rejects(vault.start({ ENCRYPTION_KEY: other }), /did not start.*none of its tokens/s)
})

test("in production it makes no keys", async () => {
  const vault = await makeVault({ NODE_ENV: "production" })

  await assert.rejects(vault.start(), /SESSION_SECRET/)
  appendFileSync(vault.envFile, `SESSION_SECRET=${"x".repeat(40)}\n`)
  await assert.rejects(vault.start(), /ENCRYPTION_KEY/)
})
