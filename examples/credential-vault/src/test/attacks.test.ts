import assert from "node:assert/strict"
import { before, describe, test } from "node:test"

import { firstAdmin } from "../database/seed.js"
import type { Client } from "./support/client.js"
import { StandIn } from "./support/stand-in.js"
import { adminPassword, startVault, type TestVault } from "./support/vault.js"

let vault: TestVault
let admin: Client
let alice: Client
let mallory: Client

/** As few as show the limits; `VAULT_GUESSES=10000` tries as many as somebody would who means it. */
const guesses = Number(process.env.VAULT_GUESSES ?? 300)

before(async () => {
  vault = await startVault({ OUTBOUND_TIMEOUT_MS: "2000" })
  admin = await vault.admin()
  alice = await vault.member("alice@example.com")
  mallory = await vault.member("mallory@example.com")
})

const camera = {
  name: "Door",
  url: "https://example.com/",
  username: "viewer",
  password: "alice's camera password",
}
const rule = {
  name: "Offline",
  event: "camera.offline",
  actions: [
    { type: "webhook", url: "https://example.com/", headers: { Authorization: "Bearer alice" } },
  ],
}

test("what belongs to others is not there, whatever is done with its id", async () => {
  const create = async (path: string, body: object) =>
    (await alice.post(path, body)).expect(201).body.id
  const ids = {
    key: await create("/api/keys", { provider: "openai", key_name: "K", api_key: "sk-alice" }),
    apiKey: await create("/api/encryption/keys", { name: "A" }),
    camera: await create("/api/v1/cameras", camera),
    rule: await create("/api/v1/alert-rules", rule),
    setting: await create("/api/v1/settings", { provider: "openai", api_key: "sk-alice-setting" }),
  }
  const before = await vault.database.dump()
  const attempts: [string, string, object?][] = [
    ["GET", `/api/keys/${ids.key}`],
    ["DELETE", `/api/keys/${ids.key}`],
    ["DELETE", `/api/encryption/keys/${ids.apiKey}`, { reason: "mine now" }],
    ["GET", `/api/v1/cameras/${ids.camera}`],
    ["PATCH", `/api/v1/cameras/${ids.camera}`, { url: "https://mallory.example" }],
    ["POST", `/api/v1/cameras/${ids.camera}/connect`],
    ["DELETE", `/api/v1/cameras/${ids.camera}`],
    ["GET", `/api/v1/alert-rules/${ids.rule}`],
    ["GET", `/api/v1/alert-rules/${ids.rule}/deliveries`],
    ["PATCH", `/api/v1/alert-rules/${ids.rule}`, { enabled: false }],
    ["POST", `/api/v1/alert-rules/${ids.rule}/fire`, { message: "m" }],
    ["POST", `/api/v1/alert-rules/dead-letters/${ids.rule}/retry`],
    ["DELETE", `/api/v1/alert-rules/${ids.rule}`],
    ["GET", `/api/v1/settings/${ids.setting}`],
    ["PATCH", `/api/v1/settings/${ids.setting}`, { base_url: "https://mallory.example" }],
    ["DELETE", `/api/v1/settings/${ids.setting}`],
  ]
  // An admin manages the vault, and reads nobody's credentials
  for (const client of [mallory, admin]) {
    for (const [method, path, body] of attempts) {
      const answer = await client.request(method, path, body)
      assert.equal(answer.status, 404, `${method} ${path}: ${answer.text}`)
    }
  }
  const withoutRecords = (dump: string) =>
    dump
      .split("\n")
      .filter((line) => /^public\.(?!audit_logs|session)/.test(line))
      .sort()
  assert.deepEqual(withoutRecords(await vault.database.dump()), withoutRecords(before))
})

test("members do nothing that is an admin's", async () => {
  for (const [method, path] of [
    ["GET", "/api/users"],
    ["POST", "/api/users"],
    ["POST", "/api/encryption/rotate"],
    ["GET", "/api/encryption/rotations"],
    ["GET", "/api/encryption/rotation-status/00000000-0000-4000-8000-000000000000"],
    ["GET", "/api/encryption/rotation-status/00000000-0000-4000-8000-000000000000/events"],
  ] as const) {
    ;(await mallory.request(method, path)).expect(403)
  }
  const { body } = await mallory.get(`/api/encryption/audit-logs?user_id=${alice.userId}`)
  assert.ok(body.logs.every(({ user_id }: { user_id: string }) => user_id === mallory.userId))
})

describe("sessions", () => {
  test("begin with a new id, so that a planted one is worth nothing", async () => {
    const victim = vault.client()
    victim.cookies.set("vault", "s%3Aplanted.signature")
    await victim.signIn(firstAdmin, adminPassword)
    assert.notEqual(victim.cookies.get("vault"), "s%3Aplanted.signature")

    const second = vault.client()
    const own = mallory.cookies.get("vault") ?? ""
    second.cookies.set("vault", own)
    second.csrf = (await second.get("/api/session")).body.csrf_token
    await second.signIn(firstAdmin, adminPassword)

    assert.notEqual(second.cookies.get("vault"), own)
    const planted = vault.client()
    planted.cookies.set("vault", own)
    assert.notEqual((await planted.get("/api/session")).body.user?.email, firstAdmin)
    mallory = await vault.member("mallory2@example.com")
  })

  test("are over when somebody signs out", async () => {
    const client = await vault.admin()
    const cookie = client.cookies.get("vault") ?? ""
    ;(await client.delete("/api/session")).expect(200)

    const thief = vault.client()
    thief.cookies.set("vault", cookie)
    ;(await thief.get("/api/v1/cameras")).expect(401)
  })

  test("have cookies that no script reads and no other site sends", async () => {
    const answer = await vault
      .client()
      .post("/api/session", { email: firstAdmin, password: adminPassword })
    const cookies = answer.headers.getSetCookie()

    assert.ok(cookies.length >= 2)
    for (const cookie of cookies) assert.match(cookie, /HttpOnly;.*SameSite=Strict/i)
  })

  test("change nothing without the token against CSRF, or with another's", async () => {
    for (const csrf of [undefined, "", "0".repeat(129), mallory.csrf]) {
      const forger = vault.client()
      for (const [name, value] of alice.cookies) forger.cookies.set(name, value)
      forger.csrf = csrf
      ;(await forger.post("/api/v1/cameras", camera)).expect(403)
      ;(await forger.delete("/api/session")).expect(403)
    }
  })

  test("are not begun by a form of another site", async () => {
    const body = `{"email":"${firstAdmin}","password":"${adminPassword}"}`
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
    ]) {
      const answer = await vault
        .client()
        .request("POST", "/api/session", body, { "content-type": type })
      assert.equal(answer.status, 400)
    }
  })
})

test("properties that a client has no business with are refused, and change nothing", async () => {
  const other = { owner_id: alice.userId, ownerId: alice.userId, id: alice.userId, isAdmin: true }
  for (const [name, value] of Object.entries(other)) {
    ;(await mallory.post("/api/v1/cameras", { ...camera, [name]: value })).expect(400)
    ;(await mallory.post("/api/encryption/keys", { name: "x", [name]: value })).expect(400)
    ;(await mallory.post("/api/v1/alert-rules", { ...rule, [name]: value })).expect(400)
  }
  ;(await mallory.post("/api/encryption/keys", { name: "x", key: "pk_mine_chosen" })).expect(400)
  const polluted =
    '{"name":"x","url":"https://example.com","username":"u","password":"p","__proto__":{"ownerId":"x"}}'
  const answer = await mallory.post("/api/v1/cameras", polluted)
  assert.ok([201, 400].includes(answer.status))
  const owners = await vault.database.query<{ owner_id: string }>(
    "SELECT DISTINCT owner_id FROM cameras WHERE name = 'x'",
  )
  assert.ok(owners.every(({ owner_id }) => owner_id === mallory.userId))
})

test("SQL in every field is text, or no value of the field", async () => {
  const tables = () =>
    vault.database.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
  const before = await tables()
  for (const sql of [
    "'; DROP TABLE cameras; --",
    "' OR '1'='1",
    "$1",
    '"; DELETE FROM users; --',
    "\\'; --",
  ]) {
    const answers = [
      await mallory.post("/api/session", { email: sql, password: sql }),
      await mallory.post("/api/v1/cameras", { ...camera, name: sql, username: sql, password: sql }),
      await mallory.post("/api/keys", { provider: sql, key_name: sql, api_key: sql }),
      await mallory.get(`/api/keys?provider=${encodeURIComponent(sql)}`),
      await mallory.get(`/api/keys/${encodeURIComponent(sql)}`),
      await mallory.get(`/api/encryption/audit-logs?action=${encodeURIComponent(sql)}`),
      await mallory.get(`/api/encryption/audit-logs?limit=${encodeURIComponent(sql)}`),
      await mallory.post("/api/encryption/keys", { name: sql, scopes: sql }),
      await mallory.post("/api/encryption/keys/verify", { key: sql }),
      await mallory.post("/api/v1/alert-rules", { ...rule, name: sql, event: sql }),
    ]
    for (const { status, text } of answers) {
      assert.ok(status < 500, text)
      assert.doesNotMatch(text, /syntax error|relation|QueryFailed/)
    }
  }
  assert.deepEqual(await tables(), before)
  ;(await mallory.get("/api/v1/cameras")).expect(200)
})

describe("bodies", () => {
  test("that are too large, malformed or of another kind are refused in the one shape", async () => {
    const bodies: [number, string, Record<string, string>?][] = [
      [413, JSON.stringify({ ...camera, name: "x".repeat(200_000) })],
      [400, "{"],
      [400, "null"],
      [400, "[]"],
      [400, '"text"'],
      [400, `${"[".repeat(10_000)}${"]".repeat(10_000)}`],
      [400, '{"name":"\\u0000","url":"https://example.com","username":"u","password":"p"}'],
      [400, "name=x", { "content-type": "application/x-www-form-urlencoded" }],
      [415, "{}", { "content-type": "application/json; charset=ebcdic" }],
    ]
    for (const [status, body, headers] of bodies) {
      const answer = await mallory.request("POST", "/api/v1/cameras", body, headers)
      assert.equal(answer.status, status, `${body.slice(0, 40)}: ${answer.text}`)
      assert.ok(answer.body.error && answer.body.message && answer.body.request_id)
      assert.doesNotMatch(answer.text, / at |node_modules|\.js/)
    }
  })

  test("are not quoted in the answer that refuses them", async () => {
    const answer = await mallory.post("/api/v1/cameras", {
      ...camera,
      url: 1,
      password: ["marker-4711"],
    })

    answer.expect(400)
    assert.doesNotMatch(answer.text, /marker-4711/)
    assert.deepEqual(answer.body.details.map(({ path }: { path: string }) => path).sort(), [
      "password",
      "url",
    ])
  })
})

describe("guessing", () => {
  /** How often a limit may have begun anew since a moment, and once more. */
  const windows = (started: number, seconds: number) =>
    Math.floor((performance.now() - started) / 1000 / seconds) + 1

  test("a password is listened to ten times in five minutes, and costs nothing after that", async () => {
    const guesser = vault.client()
    const started = performance.now()
    const statuses = new Map<number, number>()
    for (let i = 0; i < guesses; i++) {
      const { status } = await guesser.post("/api/session", {
        email: "alice@example.com",
        password: `guess ${i}`,
      })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }

    const allowed = 10 * windows(started, 300)
    assert.ok((statuses.get(401) ?? 0) <= allowed, JSON.stringify([...statuses]))
    assert.equal((statuses.get(401) ?? 0) + (statuses.get(429) ?? 0), guesses)
  })

  test("an API key is listened to twenty times a minute", async () => {
    const guesser = vault.client()
    const started = performance.now()
    let heard = 0
    for (let i = 0; i < guesses; i++) {
      guesser.apiKey = `pk_00000000_${String(i).padStart(43, "0")}`
      const { status } = await guesser.get("/api/v1/cameras")
      if (status === 401) heard++
      else assert.equal(status, 429)
    }

    assert.ok(heard <= 20 * windows(started, 60), String(heard))
  })
})

test("a name that is a script stays text in every answer", async () => {
  const script = '<img src=x onerror="alert(1)"><script>alert(1)</script>'
  const { body } = (
    await alice.post("/api/v1/cameras", { ...camera, name: script.slice(0, 100) })
  ).expect(201)
  const answer = await alice.get(`/api/v1/cameras/${body.id}`)

  assert.equal(answer.body.name, script.slice(0, 100))
  assert.match(answer.headers.get("content-type") ?? "", /^application\/json/)
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff")
  const page = await vault.client().get("/")
  assert.match(page.headers.get("content-security-policy") ?? "", /script-src 'self'(?:;|$)/)
})

describe("requests to the inside", () => {
  const inside = [
    "http://127.0.0.1/",
    "http://localhost/",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://0.0.0.0/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://10.0.0.5/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00::1]/",
    "http://[fe80::1]/",
  ]
  const never = [
    "file:///etc/passwd",
    "gopher://example.com/",
    "http://user:pass@example.com/",
    "javascript:alert(1)",
  ]

  test("are not made by a provider's base URL, nor by a webhook or a camera", async () => {
    const standIn = await StandIn.start()
    for (const url of [
      ...inside,
      ...never,
      standIn.url,
      standIn.url.replace("127.0.0.1", "localhost"),
    ]) {
      const saved = await alice.post("/api/v1/settings", {
        provider: "google",
        api_key: "sk-ssrf",
        base_url: url,
      })
      if (saved.status !== 201) {
        saved.expect(400)
      } else {
        const { body } = await alice.post("/api/v1/ai/test-key", {
          provider: "google",
          api_key: "sk-ssrf",
        })
        assert.equal(body.valid ?? false, false)
        ;(await alice.delete(`/api/v1/settings/${saved.body.id}`)).expect(200)
      }
      const made = await alice.post("/api/v1/cameras", { ...camera, url })
      if (made.status === 201) {
        const { body } = await alice.post(`/api/v1/cameras/${made.body.id}/connect`)
        assert.deepEqual(body, {
          connected: false,
          message: "The vault does not send to that address.",
        })
      }
      const hooked = await alice.post("/api/v1/alert-rules", {
        ...rule,
        actions: [{ type: "webhook", url, headers: {} }],
      })
      if (hooked.status === 201) {
        ;(await alice.post(`/api/v1/alert-rules/${hooked.body.id}/fire`, { message: "m" })).expect(
          202,
        )
      }
      assert.ok([201, 400].includes(made.status) && made.status === hooked.status, url)
    }
    assert.deepEqual(standIn.asked, [])
  })
})
