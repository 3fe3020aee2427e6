import assert from "node:assert/strict"
import { before, test } from "node:test"

import type { Client } from "./support/client.js"
import { StandIn } from "./support/stand-in.js"
import { until } from "./support/until.js"
import { startVault, type TestVault } from "./support/vault.js"

let vault: TestVault
let alice: Client

before(async () => {
  vault = await startVault({
    OUTBOUND_ALLOWED: "127.0.0.1/32",
    OUTBOUND_TIMEOUT_MS: "1000",
    WEBHOOK_ATTEMPTS: "3",
    WEBHOOK_RETRY_SECONDS: "1",
  })
  alice = await vault.member("alice@example.com")
})

async function makeRule(url: string): Promise<string> {
  const headers = { Authorization: "Bearer of-the-hook", "X-Trace": "visible to nobody" }
  const body = {
    name: "Offline",
    event: "camera.offline",
    actions: [{ type: "webhook", url, headers }],
  }
  return (await alice.post("/api/v1/alert-rules", body)).expect(201).body.id
}

const fire = async (id: string, message = "Camera 7 is offline.") =>
  (await alice.post(`/api/v1/alert-rules/${id}/fire`, { message })).expect(202).body.deliveries[0]
    .id

const stateOf = (rule: string, state: string) =>
  until(async () => {
    const { body } = await alice.get(`/api/v1/alert-rules/${rule}/deliveries`)
    return body.find((delivery: { state: string }) => delivery.state === state)
  })

test("headers are encrypted inside the rule, masked in answers, and sent as they are", async () => {
  const hook = await StandIn.start()
  const rule = await makeRule(hook.url)

  const delivery = await fire(rule)
  const [asked] = await hook.times(1)

  assert.equal(asked?.headers.authorization, "Bearer of-the-hook")
  assert.equal(asked?.headers["x-delivery-id"], delivery)
  assert.equal(asked?.headers["x-delivery-unsure"], undefined)
  const { message, event } = JSON.parse(asked?.body ?? "{}")
  assert.deepEqual([message, event], ["Camera 7 is offline.", "camera.offline"])
  const { body } = await alice.get(`/api/v1/alert-rules/${rule}`)
  assert.deepEqual(body.actions[0].headers, { authorization: "****", "x-trace": "****" })
  const [row] = await vault.database.query<{ definition: unknown }>(
    "SELECT definition FROM alert_rules WHERE id = $1",
    [rule],
  )
  assert.doesNotMatch(JSON.stringify(row), /of-the-hook|visible to nobody/)
  await stateOf(rule, "delivered")
  // What an answer shows is not taken for a value
  const masked = [{ type: "webhook", url: hook.url, headers: { authorization: "****" } }]
  ;(await alice.patch(`/api/v1/alert-rules/${rule}`, { actions: masked })).expect(400)
  ;(await alice.patch(`/api/v1/alert-rules/${rule}`, { name: "Renamed" })).expect(200)
  await fire(rule)
  assert.equal((await hook.times(2))[1]?.headers.authorization, "Bearer of-the-hook")
})

test("one that is not taken is tried again, later and later, and then is a dead letter", async () => {
  const hook = await StandIn.start(() => ({ status: 503 }))
  const rule = await makeRule(hook.url)
  const delivery = await fire(rule)

  const dead = await stateOf(rule, "dead")

  assert.equal(dead.id, delivery)
  assert.equal(dead.attempts, 3)
  assert.equal(dead.last_error, "It was answered with 503.")
  assert.deepEqual(
    hook.asked.map(({ headers }) => headers["x-delivery-attempt"]),
    ["1", "2", "3"],
  )
  assert.deepEqual(
    new Set(hook.asked.map(({ headers }) => headers["x-delivery-id"])),
    new Set([delivery]),
  )
  const { body: letters } = await alice.get("/api/v1/alert-rules/dead-letters")
  assert.ok(letters.some(({ id }: { id: string }) => id === delivery))
  hook.answer = () => ({ status: 200 })
  ;(await alice.post(`/api/v1/alert-rules/dead-letters/${delivery}/retry`)).expect(202)
  assert.equal((await stateOf(rule, "delivered")).id, delivery)
})

test("redirects are not followed", async () => {
  const inside = await StandIn.start()
  const hook = await StandIn.start(() => ({ status: 302, headers: { location: inside.url } }))
  const rule = await makeRule(hook.url)
  await fire(rule)
  await stateOf(rule, "retrying")

  assert.deepEqual(inside.asked, [])
})

test("one that was cut off by the end of the process is sent again, and says so", async () => {
  const hook = await StandIn.start(() => undefined)
  const rule = await makeRule(hook.url)
  const delivery = await fire(rule)
  await hook.times(1)

  await vault.kill()
  hook.answer = () => ({ status: 200 })
  await vault.start()

  const delivered = await stateOf(rule, "delivered")
  assert.deepEqual([delivered.id, delivered.attempts, delivered.unsure], [delivery, 2, 1])
  assert.equal(hook.asked.at(-1)?.headers["x-delivery-id"], delivery)
  assert.equal(hook.asked.at(-1)?.headers["x-delivery-unsure"], "1")
  const { body } = await alice.get("/api/encryption/audit-logs?action=delivery.unsure")
  assert.deepEqual(
    body.logs.map(({ resource_id: id }: { resource_id: string }) => id),
    [delivery],
  )
})
