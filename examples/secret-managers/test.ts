import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, beforeEach, describe, test } from "node:test"
import { inspect } from "node:util"

import { generateKey, Keyring, type KeySource } from "typeorm-fernet"

import { keyrings } from "./keyrings.ts"
import { mountedFile } from "./mounted-file.ts"
import { openDatabase, Patient } from "./patients.ts"
import { keepingServices, MARKER, services, wrappingServices } from "./services.ts"
import { type StandIn, startStandIn } from "./stand-in.ts"

const failures = ["denied", "missing", "throttled"] as const

/** Saves a patient under the keys, and checks that the row holds a token of the first. */
async function storesTokens(keyring: KeySource, key: string): Promise<void> {
  const dataSource = await openDatabase(keyring)
  await dataSource.getRepository(Patient).save({ ssn: "078-05-1120" })
  const [row] = await dataSource.query("SELECT ssn FROM patient")
  assert.equal(new Keyring([key]).decryptText(row.ssn), "078-05-1120")
  assert.equal((await dataSource.getRepository(Patient).findOneBy({ id: 1 }))?.ssn, "078-05-1120")
  await dataSource.destroy()
}

/** Starts an application that gets no keys, and returns the message of its error. */
async function refusal(keyring: KeySource, ...hidden: readonly string[]): Promise<string> {
  let error: unknown
  await assert.rejects(openDatabase(keyring), (thrown) => {
    error = thrown
    return (thrown as { readonly code?: string }).code === "ERR_KEY_MISSING"
  })
  const shown = inspect(error, { depth: Infinity, showHidden: true })
  for (const text of [MARKER, ...hidden]) assert.ok(!shown.includes(text), shown)
  return (error as Error).message
}

for (const [title, service] of Object.entries(services)) {
  describe(title, () => {
    const keys = [generateKey(), generateKey()]
    let standIn: StandIn

    before(async () => {
      standIn = await startStandIn()
      await service.prepare(standIn)
    })

    beforeEach(() => {
      standIn.requests.length = 0
    })

    after(() => standIn.close())

    test("gives keys, the first of which encrypts", async () => {
      standIn.answering = service.holding(keys)

      await storesTokens(() => service.keyring(standIn), String(keys[0]))

      const read = await service.keyring(standIn)
      assert.deepEqual(typeof read === "string" ? read.split(",") : read, keys)
    })

    for (const failure of failures) {
      test(`says that it is ${failure}, and nothing of what was answered`, async () => {
        service.holding(keys)
        standIn.answering = service.failing(failure)

        const message = await refusal(() => service.keyring(standIn), ...keys)

        assert.equal(message, `${service.name} gave no key: ${service.codes[failure]}.`)
      })
    }

    if (service.tries > 1) {
      test(`is asked ${service.tries} times in all while it is throttled`, async () => {
        const holding = service.holding(keys.slice(0, 1))
        const failing = service.failing("throttled")
        let throttled = 0
        standIn.answering = (request) => {
          const failure = failing(request)
          const isChallenge = failure !== "nothing" && failure.status === 401
          if (isChallenge || throttled === service.tries - 1) return holding(request)
          throttled++
          return failure
        }

        const read = await service.keyring(standIn)

        assert.deepEqual([read].flat(), keys.slice(0, 1))
        assert.equal(throttled, service.tries - 1)
      })
    }

    test("is not waited for without end", async () => {
      service.holding(keys)
      standIn.answering = () => "nothing"

      const message = await refusal(() => service.keyring(standIn, 300), ...keys)

      assert.equal(message, `${service.name} gave no key: TimeoutError.`)
    })

    test("shows nothing of an answer that is none", async () => {
      service.holding(keys)
      standIn.answering = (request) => {
        const { status } = service.failing("denied")(request) as { readonly status: number }
        // The challenge of Azure Key Vault comes first
        if (status === 401) return service.failing("denied")(request)
        return { status: 200, body: `<html>${MARKER} ${keys.join(" ")}</html>` }
      }

      const message = await refusal(() => service.keyring(standIn), ...keys)

      assert.match(message, new RegExp(`^${service.name} gave no key: \\w+\\.$`))
    })

    test("says what cannot be reached", async () => {
      const gone = await startStandIn()
      await service.prepare(gone)
      await gone.close()
      service.holding(keys)

      const message = await refusal(() => service.keyring(gone, 60_000), ...keys)
      await service.prepare(standIn)

      assert.equal(message, `${service.name} gave no key: ECONNREFUSED.`)
    })
  })
}

for (const service of keepingServices) {
  test(`${service.name} holds what is no key`, async () => {
    const key = generateKey()
    const standIn = await startStandIn()
    await service.prepare(standIn)

    standIn.answering = service.holding([])
    const empty = await refusal(() => service.keyring(standIn))
    standIn.answering = service.holding([JSON.stringify({ ENCRYPTION_KEY: key, text: MARKER })])
    const invalid = openDatabase(() => service.keyring(standIn))

    assert.equal(empty, `${service.name} gave no key: its value is empty.`)
    await assert.rejects(invalid, (error: { readonly code?: string }) => {
      const shown = inspect(error, { depth: Infinity, showHidden: true })
      assert.ok(!shown.includes(key) && !shown.includes(MARKER), shown)
      return error.code === "ERR_KEY_INVALID"
    })
    await standIn.close()
  })
}

for (const { service, make } of wrappingServices) {
  test(`${service.name} makes a key that it alone unwraps`, async () => {
    const standIn = await startStandIn()
    await service.prepare(standIn)
    standIn.answering = service.holding([])

    service.wrapped = [await make(), await make()].join(",")

    const keys = await service.keyring(standIn)
    assert.equal(new Set(keys).size, 2)
    await storesTokens(() => service.keyring(standIn), String(keys[0]))
    await standIn.close()
  })
}

test("the lines of the guide give keys", async () => {
  const keys = [generateKey(), generateKey()]
  const ask = { "AWS Secrets Manager": keyrings.secretsManager, "Vault, KV": keyrings.kv }
  for (const [title, { keyring }] of Object.entries(ask)) {
    const standIn = await startStandIn()
    await services[title]?.prepare(standIn)
    standIn.answering = services[title]?.holding(keys) ?? standIn.answering

    assert.equal(await keyring(), keys.join(","))
    await standIn.close()
  }
})

describe("a mounted file", () => {
  const directory = mkdtempSync(join(tmpdir(), "typeorm-fernet-mounted-"))
  const path = join(directory, "encryption-key")

  after(() => {
    rmSync(directory, { recursive: true })
  })

  test("gives keys, the first of which encrypts", async () => {
    const keys = [generateKey(), generateKey()]
    writeFileSync(path, `${keys.join("\n")}\n`)

    await storesTokens(() => mountedFile(path), String(keys[0]))
  })

  test("says what cannot be read", async () => {
    const missing = join(directory, "other")

    assert.equal(
      await refusal(() => mountedFile(missing)),
      `The file ${missing} (ENCRYPTION_KEY_FILE) cannot be read (ENOENT).`,
    )
    assert.match(await refusal(() => mountedFile(directory)), /\(EISDIR\)/)
  })
})
