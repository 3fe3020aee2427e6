import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { readFileSync, statSync } from "node:fs"
import { test } from "node:test"

import { StandIn } from "./support/stand-in.js"
import { until } from "./support/until.js"
import { startVault } from "./support/vault.js"

const marker = (name: string) => `marker-${name}-${randomBytes(9).toString("hex")}`

test("no credential is in a table, in a line of the log, or in an answer that is not made to show it", async () => {
  const hook = await StandIn.start(() => ({ status: 500 }))
  const vault = await startVault({
    OUTBOUND_ALLOWED: "127.0.0.1/32",
    OPENAI_BASE_URL: hook.url,
    WEBHOOK_ATTEMPTS: "2",
    WEBHOOK_RETRY_SECONDS: "1",
    LOG_LEVEL: "trace",
  })
  const email = `${marker("email")}@example.com`
  const user = await vault.member(email)
  const secret = {
    provider: marker("provider"),
    setting: marker("setting"),
    tested: marker("tested"),
    camera: marker("camera"),
    header: marker("header"),
    wrong: marker("wrong"),
  }
  const made = {
    provider: await user.post("/api/keys", {
      provider: "openai",
      key_name: "k",
      api_key: secret.provider,
    }),
    setting: await user.post("/api/v1/settings", { provider: "openai", api_key: secret.setting }),
    camera: await user.post("/api/v1/cameras", {
      name: "c",
      url: hook.url,
      username: "u",
      password: secret.camera,
    }),
    rule: await user.post("/api/v1/alert-rules", {
      name: "r",
      event: "e",
      actions: [{ type: "webhook", url: hook.url, headers: { "X-Api-Key": secret.header } }],
    }),
  }
  for (const answer of Object.values(made)) answer.expect(201)
  await user.post("/api/v1/ai/test-key", { provider: "openai", api_key: secret.tested })
  await user.post(`/api/v1/cameras/${made.camera.body.id}/connect`)
  await user.post(`/api/v1/alert-rules/${made.rule.body.id}/fire`, { message: "m" })
  await until(async () => (await user.get("/api/v1/alert-rules/dead-letters")).body.length > 0)
  assert.equal(hook.asked.filter(({ headers }) => headers["x-api-key"] === secret.header).length, 2)
  // What fails
  await user.post("/api/session", { email, password: secret.wrong })
  await user.post("/api/v1/cameras", { name: [secret.wrong], password: secret.wrong })
  await user.request("POST", "/api/v1/cameras", `{"password":"${secret.wrong}"`)
  await user.patch(`/api/v1/alert-rules/${made.rule.body.id}`, { actions: [{ url: secret.wrong }] })
  const lists = [
    "/api/keys",
    "/api/v1/settings",
    "/api/v1/cameras",
    "/api/v1/alert-rules",
    "/api/encryption/audit-logs",
  ]
  for (const path of lists) (await user.get(path)).expect(200)
  const keyAnswer = (await user.post("/api/encryption/keys", { name: "once" })).expect(201)
  const apiKey = keyAnswer.body.key as string
  const program = vault.client()
  program.apiKey = apiKey
  ;(await program.get("/api/v1/cameras")).expect(200)
  ;(await user.get("/api/encryption/keys")).expect(200)

  const shownOnce = vault.answers.filter((answer) => answer.includes(apiKey))
  const revealed = (await user.get(`/api/keys/${made.provider.body.id}`)).expect(200)

  assert.equal(revealed.body.api_key, secret.provider)
  assert.equal(shownOnce.length, 1)
  const allowed = [revealed.text, keyAnswer.text]
  const answers = vault.answers.filter((answer) => !allowed.some((text) => answer.includes(text)))
  const dump = await vault.database.dump()
  const log = vault.lines.join("\n")
  for (const [name, value] of Object.entries({ ...secret, apiKey })) {
    assert.ok(!dump.includes(value), `${name} is in a table`)
    assert.ok(!log.includes(value), `${name} is in the log`)
    assert.ok(!answers.join("\n").includes(value), `${name} is in an answer`)
  }
  assert.ok(!dump.includes(email) && !log.includes(email))
  const kept = readFileSync(vault.envFile, "utf8").match(/(?<==)\S+/g) ?? []
  for (const value of kept) assert.ok(!dump.includes(value) && !log.includes(value))
  assert.equal(statSync(vault.envFile).mode & 0o777, 0o600)
})
