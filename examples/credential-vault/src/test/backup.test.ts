import assert from "node:assert/strict"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { before, describe, test } from "node:test"
import { parseEnv } from "node:util"

import { generateKey } from "typeorm-fernet"

import { atEnd } from "./support/at-end.js"
import { freshDatabase } from "./support/database.js"
import { runCli, startCli } from "./support/run-cli.js"
import { until } from "./support/until.js"
import { startVault, type TestVault } from "./support/vault.js"

const folder = mkdtempSync(join(tmpdir(), "credential-vault-backup-"))
const file = join(folder, "vault.backup")
let vault: TestVault

const environment = (url: string): NodeJS.ProcessEnv => ({
  VAULT_ENV_FILE: vault.envFile,
  DATABASE_URL: url,
})

before(async () => {
  atEnd(() => rmSync(folder, { recursive: true, force: true }))
  vault = await startVault({ SEED_CAMERAS: "40" })
  const admin = await vault.admin()
  const key = { provider: "openai", key_name: "Kept", api_key: "sk-marker-in-the-backup" }
  ;(await admin.post("/api/keys", key)).expect(201)
  const { code, told } = await runCli(environment(vault.database.url), "backup", file)
  assert.equal(code, 0, told)
  assert.match(told, /3 provider_keys.*40 cameras/)
})

test("a backup is a file of tokens that only its owner reads", () => {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n")

  assert.ok(lines.length > 40)
  assert.ok(lines.every((line) => line.startsWith("gAAAAA")))
  assert.equal(statSync(file).mode & 0o777, 0o600)
})

test("a backup is put into an empty vault, which then has everything", async () => {
  const empty = await freshDatabase()

  const { code, told } = await runCli(environment(empty.url), "restore", file)

  assert.equal(code, 0, told)
  for (const table of ["users", "provider_keys", "cameras", "alert_rules", "audit_logs"]) {
    const sql = `SELECT to_jsonb(t)::text AS row FROM ${table} t ORDER BY id`
    assert.deepEqual(await empty.query(sql), await vault.database.query(sql), table)
  }
  await vault.stop()
  await vault.start({ DATABASE_URL: empty.url })
  const admin = await vault.admin()
  const { body: keys } = (await admin.get("/api/keys")).expect(200)
  const kept = keys.find(({ key_name }: { key_name: string }) => key_name === "Kept")
  assert.equal((await admin.get(`/api/keys/${kept.id}`)).body.api_key, "sk-marker-in-the-backup")
  await vault.stop()
})

describe("nothing is written", () => {
  const refused = async (change: (lines: string[]) => string[], env: NodeJS.ProcessEnv = {}) => {
    const lines = readFileSync(file, "utf8").trimEnd().split("\n")
    const broken = join(folder, "broken.backup")
    writeFileSync(broken, `${change(lines).join("\n")}\n`)
    const empty = await freshDatabase()
    const { code, told } = await runCli({ ...environment(empty.url), ...env }, "restore", broken)
    assert.equal(code, 1, told)
    const [row] = await empty.query<{ rows: string }>("SELECT count(*) AS rows FROM cameras")
    assert.equal(row?.rows, "0")
    assert.doesNotMatch(told, /gAAAAA|marker/)
    return told
  }

  test("of a backup that lacks its end, a line, or the order of its lines", async () => {
    assert.match(await refused((lines) => lines.slice(0, -1)), /no end/)
    assert.match(await refused((lines) => lines.toSpliced(5, 1)), /Line 6 is not the one/)
    const swapped = (lines: string[]) => lines.with(5, lines[6] ?? "").with(6, lines[5] ?? "")
    assert.match(await refused(swapped), /Line 6 is not the one/)
    assert.match(await refused((lines) => [...lines, lines[0] ?? ""]), /follows the end/)
  })

  test("of one with a line that was changed", async () => {
    const flip = (line = "") =>
      `${line.slice(0, 40)}${line[40] === "A" ? "B" : "A"}${line.slice(41)}`
    assert.match(
      await refused((lines) => lines.with(20, flip(lines[20]))),
      /Line 21 cannot be read/,
    )
  })

  test("of one under another key, or whose cells need keys that are not at hand", async () => {
    const other = { BACKUP_ENCRYPTION_KEY: generateKey() }
    assert.match(await refused((lines) => lines, other), /Line 1 cannot be read/)
    const without = { ENCRYPTION_KEY: generateKey() }
    assert.match(await refused((lines) => lines, without), /need keys/)
  })

  test("into a vault that has something already", async () => {
    const { code, told } = await runCli(environment(vault.database.url), "restore", file)
    assert.equal(code, 1)
    assert.match(told, /There are provider_keys already/)
  })
})

test("a restore that is killed in the middle leaves nothing, and is done when it is run again", async () => {
  const target = await freshDatabase()
  const { query } = target
  const elsewhere = { ...environment(target.url), ENCRYPTION_KEY: generateKey() }
  assert.equal((await runCli(elsewhere, "restore", file)).code, 1)
  // It comes to the audit log when cameras and all else are written
  await query(
    "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS " +
      "$$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$",
  )
  await query(
    "CREATE TRIGGER wait BEFORE INSERT ON audit_logs FOR EACH ROW EXECUTE FUNCTION wait()",
  )
  await query("SELECT pg_advisory_lock(4711)")
  const waiting =
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"

  const restoring = startCli(environment(target.url), "restore", file)
  await until(async () => (await query(waiting)).length > 0)
  const ended = once(restoring, "exit")
  restoring.kill("SIGKILL")
  await ended
  await query("SELECT pg_advisory_unlock(4711)")
  const others =
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
  await until(async () => (await query(others)).length === 0)

  for (const table of ["users", "provider_keys", "cameras", "audit_logs"])
    assert.deepEqual(await query(`SELECT FROM ${table}`), [], table)
  await query("DROP TRIGGER wait ON audit_logs")
  const { code, told } = await runCli(environment(target.url), "restore", file)
  assert.equal(code, 0, told)
  assert.match(told, /3 provider_keys.*40 cameras/)
})

test("without encryption the lines are JSON, and what was encrypted is still tokens", async () => {
  const plain = join(folder, "plain.backup")
  const env = { ...environment(vault.database.url), BACKUP_ENCRYPTION_ENABLED: "false" }
  assert.equal((await runCli(env, "backup", plain)).code, 0)

  const text = readFileSync(plain, "utf8")

  assert.doesNotMatch(text, /marker-in-the-backup|from-before/)
  const { key_fingerprints: fingerprints } = JSON.parse(text.trimEnd().split("\n").at(-1) ?? "{}")
  assert.equal(fingerprints.length, 1)
  const keys = parseEnv(readFileSync(vault.envFile, "utf8"))
  assert.ok(!text.includes(String(keys.ENCRYPTION_KEY)))
  const empty = await freshDatabase()
  const restored = await runCli({ ...env, DATABASE_URL: empty.url }, "restore", plain)
  assert.equal(restored.code, 0, restored.told)
})

test("a user is given a password", async () => {
  const env = environment(vault.database.url)
  const { code, told } = await runCli(env, "user", "new@example.com", "admin")

  assert.equal(code, 0, told)
  const [, password = ""] = /is (\S+)\.$/m.exec(told) ?? []
  await vault.start()
  await vault.client().signIn("new@example.com", password)
})
