import assert from "node:assert/strict"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"

import { CORE_SCHEMA, load, mergeTag } from "js-yaml"
import { generateKey } from "typeorm-fernet"

import { packageFolder } from "../config/paths.js"
import { atEnd } from "./support/at-end.js"
import { runCli } from "./support/run-cli.js"
import { makeVault } from "./support/vault.js"

interface Service {
  readonly command?: string | readonly string[]
  readonly depends_on?: object
  readonly environment?: Readonly<Record<string, string>>
  readonly secrets?: readonly string[]
  readonly volumes?: readonly string[]
}

interface Compose {
  readonly services: Readonly<Record<"backups" | "caddy" | "postgres" | "vault", Service>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
  readonly volumes: object
}

/** Where the vault is for its Dockerfile, which copies the library as well. */
const FOLDER = "examples/credential-vault/"

const text = (name: string) => readFileSync(join(packageFolder, name), "utf8")
const compose = load(text("compose.yaml"), {
  schema: CORE_SCHEMA.withTags(mergeTag),
}) as Compose

test("every secret, volume and service that the compose file speaks of is there, and made by the README", () => {
  const readme = text("README.md")
  const made = Array.from(readme.matchAll(/> (secrets\/\w+)/g), ([, path]) => path)

  assert.deepEqual(
    Object.values(compose.secrets)
      .map(({ file }) => file)
      .sort(),
    made.sort(),
  )
  for (const {
    environment = {},
    secrets = [],
    volumes = [],
    depends_on: others = {},
  } of Object.values(compose.services)) {
    const files = Object.values(environment).filter((value) => value.startsWith("/run/secrets/"))
    assert.deepEqual(
      files.map((path) => path.replace("/run/secrets/", "")).sort(),
      [...secrets].sort(),
    )
    for (const secret of secrets) assert.ok(secret in compose.secrets, secret)
    for (const volume of volumes) assert.ok((volume.split(":")[0] ?? "") in compose.volumes, volume)
    const names = Array.isArray(others) ? (others as string[]) : Object.keys(others)
    for (const name of names) assert.ok(name in compose.services, name)
  }
})

test("what the Dockerfile copies is there, and nothing that is secret", () => {
  const copied = Array.from(
    text("Dockerfile").matchAll(/^COPY (?!--from)(.+) \S+$/gm),
    ([, paths = ""]) => paths.split(" "),
  ).flat()
  const own = copied.filter((path) => path.startsWith(FOLDER))
  const admitted = Array.from(
    text("Dockerfile.dockerignore").matchAll(/^!(.+)$/gm),
    ([, path]) => path,
  )

  assert.ok(copied.includes("examples/credential-vault/src"))
  assert.deepEqual([...new Set(copied)].sort(), [...admitted].sort())
  // What it copies of the library, a test of the library looks for
  for (const path of own)
    assert.ok(existsSync(join(packageFolder, path.slice(FOLDER.length))), path)
  assert.ok(!copied.includes("examples/credential-vault"))
})

test("the vault starts with the environment of the compose file, and is backed up with it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "credential-vault-deploy-"))
  atEnd(() => rmSync(folder, { recursive: true, force: true }))
  const vault = await makeVault()
  const secrets: Readonly<Record<string, string>> = {
    database_url: vault.database.url,
    encryption_key: generateKey(),
    backup_encryption_key: generateKey(),
    session_secret: "the secret of sessions, which is long enough",
    admin_password: "the admin's own password",
  }
  for (const [name, value] of Object.entries(secrets))
    writeFileSync(join(folder, name), `${value}\n`)
  const { environment = {} } = compose.services.vault
  assert.deepEqual(compose.services.backups.environment, environment)
  assert.equal(environment.NODE_ENV, "production")
  const env = Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [
      name,
      value
        .replace("/run/secrets", folder)
        .replace("0.0.0.0", "127.0.0.1")
        .replace("${VAULT_DOMAIN:?}", "vault.example.com"),
    ]),
  )
  // By files only, as there
  await vault.start({ ...env, DATABASE_URL: undefined, ADMIN_PASSWORD: undefined })

  const ready = await vault.client().get("/health/ready")
  const [, , script = ""] = compose.services.backups.command ?? []
  const [, command = ""] = /node built\/cli\.js (\w+) \/backups\//.exec(script) ?? []
  mkdirSync(join(folder, "backups"))
  const file = join(folder, "backups", "today.vault")
  const { code, told } = await runCli(env, command, file)

  ready.expect(200)
  assert.equal(code, 0, told)
  assert.match(readFileSync(file, "utf8"), /^gAAAAA/)
  assert.ok(!existsSync(vault.envFile))
})
