import assert from "node:assert/strict"
import { test } from "node:test"

import type { Client } from "./support/client.js"
import { until } from "./support/until.js"
import { startVault } from "./support/vault.js"

/** A few clients for some seconds; `VAULT_CLIENTS=200 VAULT_SECONDS=60` is the whole of it. */
const clients = Number(process.env.VAULT_CLIENTS ?? 20)
const seconds = Number(process.env.VAULT_SECONDS ?? 5)

test(`${clients} clients read and write for ${seconds} s while keys are rotated and reloaded`, async () => {
  const vault = await startVault({
    SEED_CAMERAS: "2000",
    ROTATION_BATCH: "100",
    ROTATION_PAUSE_MS: "20",
    KEY_REFRESH_SECONDS: "1",
    LOG_LEVEL: "warn",
  })
  const admin = await vault.admin()
  const { body: apiKey } = (
    await admin.post("/api/encryption/keys", { name: "load", scopes: "read,write" })
  ).expect(201)
  const times: number[] = []
  const failures: string[] = []
  const end = Date.now() + seconds * 1000

  const timed = async (ask: () => ReturnType<Client["get"]>, status: number) => {
    const started = performance.now()
    const answer = await ask()
    times.push(performance.now() - started)
    if (answer.status !== status) failures.push(answer.text)
    return answer
  }
  /** Returns the id of what it wrote, and the key that it wrote last. */
  const live = async (number: number): Promise<{ id: string; last: string }> => {
    const client = vault.client()
    client.apiKey = apiKey.key
    const camera = {
      name: `load ${number}`,
      url: "https://example.com",
      username: "u",
      password: "p",
    }
    const { body } = await timed(() => client.post("/api/v1/cameras", camera), 201)
    let turn = 0
    do {
      turn++
      const name = `load ${number} turn ${turn}`
      await timed(() => client.patch(`/api/v1/cameras/${body.id}`, { name, password: name }), 200)
      const read = await timed(() => client.get(`/api/v1/cameras/${body.id}`), 200)
      if (read.body.name !== name) failures.push(`${name} was lost`)
      await timed(() => client.get("/api/v1/cameras?limit=20"), 200)
    } while (Date.now() < end)
    return { id: body.id, last: `load ${number} turn ${turn}` }
  }
  const rotate = async () => {
    let rotations = 0
    while (Date.now() < end) {
      const { body } = (await admin.post("/api/encryption/rotate", {})).expect(202)
      await until(async () => {
        const { body: status } = await admin.get(
          `/api/encryption/rotation-status/${body.rotation_id}`,
        )
        assert.notEqual(status.rotation_status, "failed", JSON.stringify(status))
        return status.rotation_status === "completed"
      })
      rotations++
    }
    return rotations
  }

  const [written, rotations] = await Promise.all([
    Promise.all(Array.from({ length: clients }, (_, number) => live(number))),
    rotate(),
  ])

  assert.deepEqual(failures, [])
  times.sort((a, b) => a - b)
  const p95 = times[Math.floor(times.length * 0.95)] ?? 0
  const summary = `${times.length} requests, ${rotations} rotations, p95 ${p95.toFixed(0)} ms`
  process.stdout.write(`${clients} clients, ${seconds} s: ${summary}\n`)
  assert.ok(rotations > 0)
  for (const { id, last } of written) {
    assert.equal((await admin.get(`/api/v1/cameras/${id}`)).expect(200).body.name, last)
  }
})
