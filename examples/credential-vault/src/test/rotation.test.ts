import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"
import { parseEnv } from "node:util"

import { Keyring } from "typeorm-fernet"

import type { Client } from "./support/client.js"
import { until } from "./support/until.js"
import { startVault, type TestVault } from "./support/vault.js"

const keysOf = (vault: TestVault) =>
  String(parseEnv(readFileSync(vault.envFile, "utf8")).ENCRYPTION_KEY).split(",")

const ended = (admin: Client, id: string) =>
  until(async () => {
    const { body } = await admin.get(`/api/encryption/rotation-status/${id}`)
    return /completed|failed/.test(body.rotation_status) && body
  })

test("a rotation puts a new key in front, and no token is under another", async () => {
  const vault = await startVault({ SEED_CAMERAS: "300", ROTATION_BATCH: "50" })
  const admin = await vault.admin()
  const { body: apiKey } = (await admin.post("/api/encryption/keys", { name: "k" })).expect(201)
  const before = keysOf(vault)

  const { body: begun } = (await admin.post("/api/encryption/rotate", { notes: "yearly" })).expect(
    202,
  )

  assert.deepEqual(Object.keys(begun), ["rotation_id", "status", "message"])
  assert.equal(begun.status, "pending")
  ;(await admin.post("/api/encryption/rotate", {})).expect(409)
  const status = await ended(admin, begun.rotation_id)
  assert.deepEqual(Object.keys(status), [
    "id",
    "old_key_version",
    "new_key_version",
    "timestamp",
    "rotation_status",
    "total_records",
    "rotated_records",
    "failed_records",
    "progress_percent",
  ])
  const { old_key_version: oldVersion, new_key_version: newVersion, ...rest } = status
  assert.deepEqual([oldVersion, newVersion], [1, 2])
  assert.equal(rest.rotation_status, "completed")
  assert.equal(rest.rotated_records, rest.total_records)
  assert.ok(rest.total_records >= 305, String(rest.total_records))
  assert.deepEqual([rest.failed_records, rest.progress_percent], [0, 100])
  const after = keysOf(vault)
  assert.equal(after.length, 2)
  assert.deepEqual(after.slice(1), before)
  // The old key opens nothing any more: what is stored is under the new one alone
  const { body } = await vault.client().post("/api/encryption/keys/verify", { key: apiKey.key })
  assert.equal(body.valid, true)
  const only = vault.envFile
  await vault.stop()
  await vault.start({ ENCRYPTION_KEY: String(after[0]) })
  assert.equal(only, vault.envFile)
  const again = await vault.admin()
  const { body: keys } = (await again.get("/api/keys")).expect(200)
  const { body: revealed } = (await again.get(`/api/keys/${keys[0].id}`)).expect(200)
  assert.match(revealed.api_key, /from-before/)
  assert.equal(new Keyring([String(after[0])]).fingerprints.length, 1)
  // Keys from the environment are not the vault's to change
  const { body: refused } = (await again.post("/api/encryption/rotate", {})).expect(409)
  assert.equal(refused.error, "keys_read_only")
})

test("its status is streamed while it changes, to its end", async () => {
  const vault = await startVault({
    SEED_CAMERAS: "300",
    ROTATION_BATCH: "20",
    ROTATION_PAUSE_MS: "20",
  })
  const admin = await vault.admin()
  const { body } = (await admin.post("/api/encryption/rotate", {})).expect(202)

  const { text } = (
    await admin.get(`/api/encryption/rotation-status/${body.rotation_id}/events`)
  ).expect(200)

  const statuses = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(String(data)))
  assert.equal(statuses.at(-1).rotation_status, "completed")
  assert.ok(statuses.some(({ progress_percent: percent }) => percent > 0 && percent < 100))
})

test("a rotation that was killed goes on when the vault starts again, under the same new key", async () => {
  const vault = await startVault({
    SEED_CAMERAS: "600",
    ROTATION_BATCH: "20",
    ROTATION_PAUSE_MS: "100",
  })
  const admin = await vault.admin()
  const { body } = (await admin.post("/api/encryption/rotate", {})).expect(202)
  const path = `/api/encryption/rotation-status/${body.rotation_id}`
  await until(async () => (await admin.get(path)).body.rotated_records > 40)

  await vault.kill()

  const keys = keysOf(vault)
  const [row] = await vault.database.query<{ rotation_status: string }>(
    "SELECT rotation_status FROM rotations",
  )
  assert.equal(row?.rotation_status, "running")
  await vault.start({ ROTATION_PAUSE_MS: "0" })
  const status = await ended(admin, body.rotation_id)
  assert.equal(status.rotation_status, "completed")
  assert.deepEqual(keysOf(vault), keys)
  const cells = await vault.database.query<{ password: string }>("SELECT password FROM cameras")
  assert.equal(cells.length, 600)
})
