import assert from "node:assert/strict"
import { before, describe, test } from "node:test"

import type { Client } from "./support/client.js"
import { StandIn } from "./support/stand-in.js"
import { startVault, type TestVault } from "./support/vault.js"

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/
const unknown = "00000000-0000-4000-8000-000000000000"

let vault: TestVault
let provider: StandIn
let admin: Client
let alice: Client

before(async () => {
  provider = await StandIn.start()
  vault = await startVault({
    OPENAI_BASE_URL: provider.url,
    ANTHROPIC_BASE_URL: `${provider.url}/anthropic`,
    GOOGLE_BASE_URL: "http://127.0.0.1:9",
    OUTBOUND_ALLOWED: "127.0.0.1/32",
  })
  admin = await vault.admin()
  alice = await vault.member("alice@example.com")
})

describe("testing the key of a provider", () => {
  const testKey = (provider: string, api_key = "sk-0123456789abcdef") =>
    alice.post("/api/v1/ai/test-key", { provider, api_key })

  test("tells a key that works", async () => {
    provider.answer = () => ({ status: 200, body: '{"data":[]}' })

    const { body } = (await testKey("openai")).expect(200)

    assert.deepEqual(body, { valid: true, message: "OpenAI accepts this key." })
    assert.equal(provider.asked.at(-1)?.path, "/v1/models")
    assert.equal(provider.asked.at(-1)?.headers.authorization, "Bearer sk-0123456789abcdef")
  })

  test("tells one that the provider does not know", async () => {
    provider.answer = () => ({ status: 401 })

    const { body } = (await testKey("anthropic")).expect(200)

    assert.deepEqual(body, { valid: false, message: "Anthropic does not know this key." })
    assert.equal(provider.asked.at(-1)?.path, "/anthropic/v1/models")
    assert.equal(provider.asked.at(-1)?.headers["x-api-key"], "sk-0123456789abcdef")
  })

  test("tells a provider that has had too many requests", async () => {
    provider.answer = () => ({ status: 429 })

    const { body } = (await testKey("openai")).expect(200)

    assert.equal(body.valid, false)
    assert.match(body.message, /too many requests/)
  })

  test("tells a provider that cannot be reached", async () => {
    const { body } = (await testKey("google")).expect(200)

    assert.deepEqual(body, { valid: false, message: "Google: It could not be reached." })
  })

  test("asks nobody about a key that no header can hold", async () => {
    const before = provider.asked.length

    const { body } = (await testKey("openai", "sk-\r\nx-evil: 1")).expect(200)

    assert.equal(body.valid, false)
    assert.equal(provider.asked.length, before)
  })

  test("stores nothing, and is limited to ten a minute", async () => {
    const statuses: number[] = []
    for (let i = 0; i < 6; i++) statuses.push((await testKey("openai")).status)

    assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429])
    assert.ok(!(await vault.database.dump()).includes("sk-0123456789abcdef"))
  })
})

describe("keys of providers", () => {
  test("are saved, listed without the key, revealed to their owner, and deleted", async () => {
    const given = { provider: "openai", key_name: "Production", api_key: "sk-reveal-me" }
    const { body: created } = (await alice.post("/api/keys/", given)).expect(201)

    assert.match(created.id, UUID)
    assert.deepEqual(Object.keys(created), [
      "id",
      "provider",
      "key_name",
      "created_at",
      "last_used",
    ])
    const { body: listed } = (await alice.get("/api/keys/?provider=openai")).expect(200)
    assert.deepEqual(listed, [created])
    assert.deepEqual((await alice.get("/api/keys/?provider=google")).body, [])
    const { body: revealed } = (await alice.get(`/api/keys/${created.id}`)).expect(200)
    assert.equal(revealed.api_key, "sk-reveal-me")
    assert.notEqual(revealed.last_used, null)
    const [row] = await vault.database.query<{ api_key: string }>(
      "SELECT api_key FROM provider_keys",
    )
    assert.match(row?.api_key ?? "", /^gAAAAA/)
    const { body: deleted } = (await alice.delete(`/api/keys/${created.id}`)).expect(200)
    assert.deepEqual(deleted, { status: "deleted", id: created.id })
    ;(await alice.get(`/api/keys/${created.id}`)).expect(404)
  })

  test("stay sealed where nothing can be written down of it", async () => {
    const carol = await vault.member("carol-of-records@example.com")
    const given = { provider: "openai", key_name: "Sealed", api_key: "sk-sealed" }
    const { body: created } = (await carol.post("/api/keys", given)).expect(201)
    const { query } = vault.database
    await query(
      "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS " +
        "$$ BEGIN RAISE EXCEPTION 'disk full'; END $$",
    )
    await query(
      "CREATE TRIGGER full_disk BEFORE INSERT ON audit_logs FOR EACH ROW " +
        "WHEN (NEW.action = 'credential.reveal') EXECUTE FUNCTION full_disk()",
    )

    const refused = await carol.get(`/api/keys/${created.id}`)
    await query("DROP TRIGGER full_disk ON audit_logs")
    const { body: revealed } = (await carol.get(`/api/keys/${created.id}`)).expect(200)

    refused.expect(500)
    assert.doesNotMatch(refused.text, /sk-sealed/)
    assert.equal(revealed.api_key, "sk-sealed")
    const { body } = await carol.get("/api/encryption/audit-logs?action=credential.reveal")
    assert.equal(body.total, 1)
    const [record] = body.logs
    assert.equal(record.resource_id, created.id)
    assert.equal(record.user_id, carol.userId)
    assert.deepEqual(record.details, { column: "ProviderKey.apiKey" })
  })

  test("that cannot be opened are an error, and told to the log with who asked for them", async () => {
    const dora = await vault.member("dora-of-damage@example.com")
    const given = { provider: "openai", key_name: "Damaged", api_key: "sk-damaged" }
    const { body: created } = (await dora.post("/api/keys", given)).expect(201)
    await vault.database.query(
      "UPDATE provider_keys SET api_key = overlay(api_key PLACING 'AAAA' FROM 40) WHERE id = $1",
      [created.id],
    )

    ;(await dora.get(`/api/keys/${created.id}`)).expect(500)

    const line = JSON.parse(await vault.line(/a credential could not be opened/))
    assert.equal(line.actor, dora.userId)
    assert.deepEqual([line.column, line.reason], ["ProviderKey.apiKey", "unknown-key"])
    // With it, the vault is not ready
    await vault.database.query("DELETE FROM provider_keys WHERE id = $1", [created.id])
  })

  test("are revealed ten times a minute, and each time is on record", async () => {
    const bob = await vault.member("bob@example.com")
    const given = { provider: "openai", key_name: "Audited", api_key: "sk-audited" }
    const { body: created } = (await bob.post("/api/keys", given)).expect(201)

    const statuses: number[] = []
    for (let i = 0; i < 11; i++) statuses.push((await bob.get(`/api/keys/${created.id}`)).status)

    assert.equal(statuses.at(-1), 429)
    const { body } = await bob.get("/api/encryption/audit-logs?action=provider_key.reveal")
    assert.equal(body.total, statuses.filter((status) => status === 200).length)
    const [last] = body.logs
    assert.equal(last.resource_id, created.id)
    assert.equal(last.user_id, bob.userId)
    assert.equal(last.status, "success")
    assert.match(last.ip_address, /127\.0\.0\.1$/)
  })
})

describe("API keys", () => {
  test("are shown once, and found by what was shown", async () => {
    const given = { name: "CI", expires_in_days: 7, scopes: "read,write" }
    const { body: created } = (await alice.post("/api/encryption/keys", given)).expect(201)

    assert.match(created.key, /^pk_[\da-f]{8}_[\w-]{43}$/)
    assert.equal(created.key.split("_")[1], created.prefix)
    assert.deepEqual(created.scopes, ["read", "write"])
    assert.equal(created.is_active, true)
    const days = (Date.parse(created.expires_at) - Date.parse(created.created_at)) / 86_400_000
    assert.equal(Math.round(days), 7)
    const { body: listed } = (await alice.get("/api/encryption/keys")).expect(200)
    assert.ok(!JSON.stringify(listed).includes(created.key))
    const { body } = (
      await vault.client().post("/api/encryption/keys/verify", { key: created.key })
    ).expect(200)
    assert.deepEqual(body, { valid: true, id: created.id, name: "CI", scopes: ["read", "write"] })
    const { body: used } = await alice.get("/api/encryption/keys")
    assert.notEqual(used.find(({ id }: { id: string }) => id === created.id).last_used_at, null)
  })

  test("expire after thirty days unless told otherwise", async () => {
    const { body } = (await alice.post("/api/encryption/keys", { name: "Default" })).expect(201)

    const days = (Date.parse(body.expires_at) - Date.parse(body.created_at)) / 86_400_000
    assert.equal(Math.round(days), 30)
    assert.deepEqual(body.scopes, ["read"])
  })

  test("do what their scopes say, and nothing else", async () => {
    const { body } = await alice.post("/api/encryption/keys", { name: "Reader", scopes: "read" })
    const reader = vault.client()
    reader.apiKey = body.key

    ;(await reader.get("/api/v1/cameras")).expect(200)
    ;(await reader.post("/api/v1/cameras", {})).expect(403)
    ;(await reader.get("/api/encryption/keys")).expect(403)
    ;(await reader.get("/api/encryption/audit-logs")).expect(403)
  })

  test("are nothing once they are revoked, with a reason, or have expired", async () => {
    const { body: key } = await alice.post("/api/encryption/keys", { name: "Leaked" })
    const { body: revoked } = (
      await alice.delete(`/api/encryption/keys/${key.id}`, { reason: "It leaked." })
    ).expect(200)

    assert.deepEqual(Object.keys(revoked), ["message", "id", "revoked_at"])
    const verify = async (key: string) =>
      (await vault.client().post("/api/encryption/keys/verify", { key })).body
    assert.deepEqual(await verify(key.key), { valid: false })
    const [row] = await vault.database.query("SELECT revoke_reason FROM api_keys WHERE id = $1", [
      key.id,
    ])
    assert.deepEqual(row, { revoke_reason: "It leaked." })
    ;(await alice.delete(`/api/encryption/keys/${key.id}`, {})).expect(404)
    const { body: expired } = await alice.post("/api/encryption/keys", { name: "Old" })
    await vault.database.query("UPDATE api_keys SET expires_at = now() WHERE id = $1", [expired.id])
    assert.deepEqual(await verify(expired.key), { valid: false })
  })
})

describe("settings", () => {
  test("show the last four characters of a key, and keep it when something else changes", async () => {
    const given = {
      provider: "openai",
      api_key: "sk-of-a-setting-7890",
      base_url: "https://example.com",
    }
    const { body: created } = (await alice.post("/api/v1/settings", given)).expect(201)

    assert.equal(created.api_key, "****7890")
    ;(await alice.patch(`/api/v1/settings/${created.id}`, { base_url: null })).expect(200)
    const { body } = (await alice.get(`/api/v1/settings/${created.id}`)).expect(200)
    assert.deepEqual([body.api_key, body.base_url], ["****7890", null])
    ;(await alice.post("/api/v1/settings", given)).expect(409)
    const { body: listed } = await alice.get("/api/v1/settings")
    assert.equal(listed.length, 1)
    ;(await alice.delete(`/api/v1/settings/${created.id}`)).expect(200)
    ;(await alice.get(`/api/v1/settings/${created.id}`)).expect(404)
  })
})

describe("cameras", () => {
  test("are signed in to with the password that no answer holds", async () => {
    const camera = await StandIn.start(({ headers }) => ({
      status: headers.authorization === `Basic ${btoa("viewer:hunter2 is mine")}` ? 200 : 401,
    }))
    const given = { name: "Door", url: camera.url, username: "viewer", password: "hunter2 is mine" }
    const { body: created } = (await alice.post("/api/v1/cameras", given)).expect(201)

    assert.equal(created.password, "****")
    const connect = `/api/v1/cameras/${created.id}/connect`
    assert.deepEqual((await alice.post(connect)).expect(200).body, {
      connected: true,
      message: "The camera answers.",
    })
    ;(await alice.patch(`/api/v1/cameras/${created.id}`, { password: "another" })).expect(200)
    assert.deepEqual((await alice.post(connect)).body, {
      connected: false,
      message: "The camera refuses this login.",
    })
    const { body } = (await alice.get("/api/v1/cameras")).expect(200)
    assert.deepEqual(
      body.map(({ name }: { name: string }) => name),
      ["Door"],
    )
    ;(await alice.delete(`/api/v1/cameras/${created.id}`)).expect(200)
    ;(await alice.get(`/api/v1/cameras/${created.id}`)).expect(404)
  })
})

describe("the audit log", () => {
  test("has pages, filters, and of others only for admins", async () => {
    const { body: own } = (await alice.get("/api/encryption/audit-logs?limit=2")).expect(200)
    const { body: all } = (await admin.get("/api/encryption/audit-logs?limit=200")).expect(200)

    assert.equal(own.logs.length, 2)
    assert.ok(own.total > 2)
    assert.ok(own.logs.every(({ user_id }: { user_id: string }) => user_id === alice.userId))
    assert.ok(all.total > own.total)
    const { body: next } = await alice.get("/api/encryption/audit-logs?limit=2&offset=2")
    assert.notEqual(next.logs[0].id, own.logs[0].id)
    const { body: failures } = await admin.get(
      "/api/encryption/audit-logs?status=failure&limit=200",
    )
    assert.ok(failures.logs.every(({ status }: { status: string }) => status === "failure"))
  })
})

describe("the surroundings", () => {
  test("say that the vault lives, is ready, and how it is used", async () => {
    const anybody = vault.client()

    assert.deepEqual((await anybody.get("/health/live")).expect(200).body, { status: "ok" })
    const { body: ready } = (await anybody.get("/health/ready")).expect(200)
    assert.deepEqual(ready.details, { encryption: { status: "up" } })
    const { body: description } = (await anybody.get("/api/openapi.json")).expect(200)
    const schema =
      description.paths["/api/v1/cameras"].post.requestBody.content["application/json"].schema
    assert.deepEqual(schema.required, ["name", "url", "username", "password"])
    assert.match((await anybody.get("/api/docs")).expect(200).text, /swagger-ui/)
  })

  test("answer every error in one shape, with the id that the log has", async () => {
    const answer = (await vault.client().get("/api/v1/nothing")).expect(404)

    assert.deepEqual(Object.keys(answer.body), ["error", "message", "request_id"])
    assert.equal(answer.headers.get("x-request-id"), answer.body.request_id)
    await vault.line(new RegExp(answer.body.request_id))
  })

  test("close every route to strangers but those for signing in", async () => {
    // Its limits begin anew
    await vault.stop()
    await vault.start()
    const stranger = vault.client()
    const { body } = await stranger.get("/api/openapi.json")
    const open: string[] = []
    for (const [path, methods] of Object.entries(body.paths as Record<string, object>)) {
      for (const method of Object.keys(methods)) {
        const answer = await stranger.request(method.toUpperCase(), path.replace("{id}", unknown))
        if (answer.status !== 401) open.push(`${method} ${path}`)
      }
    }

    assert.deepEqual(open.sort(), [
      "delete /api/session",
      "get /api/session",
      "get /health/live",
      "get /health/ready",
      "post /api/encryption/keys/verify",
      "post /api/session",
    ])
  })
})
