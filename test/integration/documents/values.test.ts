import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals"
import fc from "fast-check"
import type { DataSource, Repository } from "typeorm"

import { decryptRaw, encryptFor, Keyring, withEncryption } from "../../../src"
import { replaceLeaves } from "../../../src/column/documents/document-leaves"
import { leafPaths } from "../../../src/column/documents/json-path"
import { eachDatabase, type TestDatabase } from "../../support/databases"
import { keyring, keys } from "../../support/keys"
import { rowsOf } from "../stored"
import {
  documentTypes,
  encryptedWebhooks,
  everything,
  plainWebhooks,
  secretPaths,
  stored,
  type Webhook,
} from "./webhooks"

const token = expect.stringMatching(/^gAAAAA/) as unknown
const sealed = {
  kind: "http",
  count: 3,
  headers: { Authorization: token, Accept: "*/*", "X-Empty": "" },
  actions: [{ token, name: "first" }, { token: null }, { token }, { token }, {}],
  "x.y": token,
}

/** TypeORM compares the classes of objects, and structuredClone() makes those of another realm under Jest. */
function copyOf(document: unknown): unknown {
  return JSON.parse(JSON.stringify(document))
}

eachDatabase("parts of documents", (db) => {
  describe.each(documentTypes[db.name])("in a column of type %s", (type) => {
    declareValues(db, type)
  })
})

function declareValues(db: TestDatabase, type: (typeof documentTypes)["PostgreSQL"][number]): void {
  let source: DataSource
  let webhooks: Repository<Webhook>
  let plain: Repository<Webhook>

  beforeAll(async () => {
    await db.dropAllTables()
    const [encrypted, inPlaintext] = [encryptedWebhooks(type), plainWebhooks(type)]
    source = await db.connect(
      { entities: [encrypted, inPlaintext], synchronize: true },
      (unbound) => withEncryption(unbound, { keyring }),
    )
    webhooks = source.getRepository(encrypted)
    plain = source.getRepository(inPlaintext)
  })

  beforeEach(async () => {
    await webhooks.clear()
    await plain.clear()
    await webhooks.save({ id: 1, config: everything })
  })

  const cellOf = async (id: number) => {
    const rows = await rowsOf(db, "webhook")
    return stored(rows.find((row) => Number(row.id) === id)?.config)
  }

  test("are tokens in the row, the rest is as it was, and all comes back", async () => {
    expect(await cellOf(1)).toEqual(sealed)
    expect(await webhooks.findOneByOrFail({ id: 1 })).toEqual({
      id: 1,
      config: everything,
      version: 1,
    })
    await webhooks.save({ id: 2, config: null })
    expect((await webhooks.findOneByOrFail({ id: 2 })).config).toBeNull()
  })

  test("are not written when nothing changed", async () => {
    const before = await rowsOf(db, "webhook")
    const webhook = await webhooks.findOneByOrFail({ id: 1 })
    await webhooks.save(webhook)
    await webhooks.save({ ...webhook, config: copyOf(everything) })

    expect(await rowsOf(db, "webhook")).toEqual(before)
  })

  test("are written when a leaf, or what is beside it, changed in place", async () => {
    for (const change of [
      ({ headers }: typeof everything) => (headers.Authorization = "Bearer other"),
      ({ headers }: typeof everything) => (headers.Accept = "text/html"),
      ({ actions }: typeof everything) => actions.reverse(),
      ({ actions }: typeof everything) => actions.pop(),
      (config: typeof everything) => Reflect.deleteProperty(config, "headers"),
    ]) {
      const webhook = await webhooks.findOneByOrFail({ id: 1 })
      const { version } = webhook
      change(webhook.config as typeof everything)
      const expected = copyOf(webhook.config)
      await webhooks.save(webhook)

      expect(await webhooks.findOneByOrFail({ id: 1 })).toEqual({
        id: 1,
        config: expected,
        version: version + 1,
      })
      const paths = leafPaths(secretPaths)
      expect(replaceLeaves(await cellOf(1), paths, () => token)).toEqual(
        replaceLeaves(expected, paths, () => token),
      )
      expect(await cellOf(1)).toEqual(replaceLeaves(expected, paths, () => token))
    }
  })

  test("are the same as those of a plain column after the same random writes", async () => {
    const leaf = fc.oneof(fc.jsonValue({ maxDepth: 1, noUnicodeString: true }), fc.string())
    const document = fc.record(
      {
        kind: fc.string(),
        headers: fc.oneof(fc.dictionary(fc.constantFrom("Authorization", "Accept"), leaf), leaf),
        actions: fc.oneof(
          fc.array(fc.record({ token: leaf, name: leaf }, { requiredKeys: [] }), { maxLength: 3 }),
          fc.dictionary(fc.constantFrom("a", "b"), fc.record({ token: leaf })),
        ),
        "x.y": leaf,
      },
      { requiredKeys: [] },
    )
    const hasMisplaced = (value: { headers?: unknown }) =>
      Array.isArray(value.headers) && JSON.stringify(value.headers).includes("Authorization")
    await fc.assert(
      fc.asyncProperty(fc.array(document, { minLength: 1, maxLength: 4 }), async (documents) => {
        fc.pre(!documents.some(hasMisplaced))
        await Promise.all([webhooks.clear(), plain.clear()])
        for (const [i, config] of documents.entries()) {
          for (const repository of [webhooks, plain]) {
            await (i % 2 === 0
              ? repository.save({ id: 7, config })
              : repository.update({ id: 7 }, { config }))
            await repository.save(await repository.find())
            await repository.upsert({ id: 8, config }, ["id"])
          }
        }

        expect(await webhooks.find({ order: { id: "ASC" } })).toEqual(
          await plain.find({ order: { id: "ASC" } }),
        )
        const mark = (rows: readonly Record<string, unknown>[]) =>
          rows.map((row) => ({
            ...row,
            config: replaceLeaves(stored(row.config), leafPaths(secretPaths), () => "leaf"),
          }))
        expect(mark(await rowsOf(db, "webhook"))).toEqual(mark(await rowsOf(db, "plain")))
      }),
      { numRuns: 25 },
    )
  })

  test("are refused where a leaf is a token of the ring already", async () => {
    const { config } = (await webhooks.findOneByOrFail({ id: 1 })) as { config: typeof everything }
    config.headers.Authorization = keyring.encrypt('"x"')

    for (const write of [
      () => webhooks.save({ id: 1, config }),
      () => webhooks.insert({ id: 2, config }),
      () => webhooks.update({ id: 1 }, { config }),
    ]) {
      await expect(write()).rejects.toMatchObject({ code: "ERR_ALREADY_ENCRYPTED" })
    }
    expect(await cellOf(1)).toEqual(sealed)
    await webhooks.insert({ id: 3, config: { kind: config.headers.Authorization } })
    expect((await webhooks.findOneByOrFail({ id: 3 })).config).toEqual({
      kind: config.headers.Authorization,
    })
  })

  test("are read from raw rows, and written to them", async () => {
    await source.query(
      `UPDATE ${db.escape("webhook")} SET ${db.escape("config")} = ` +
        (db.name === "PostgreSQL" ? "$1" : "?"),
      [encryptFor(source, "Webhook", "config", { ...everything, kind: "raw" })],
    )
    expect(await cellOf(1)).toEqual({ ...sealed, kind: "raw" })
    const rows: object[] = await source.query(`SELECT * FROM ${db.escape("webhook")}`)
    expect(decryptRaw(source, "Webhook", rows)).toEqual([
      expect.objectContaining({ config: { ...everything, kind: "raw" } }),
    ])
    const builder = webhooks.createQueryBuilder("w").select(["w.id", "w.config"])
    expect(decryptRaw(source, "Webhook", await builder.getRawMany())).toEqual([
      { w_id: 1, w_config: { ...everything, kind: "raw" } },
    ])
  })

  test("are read ahead where there are many, with gaps between them", async () => {
    const config = (i: number) =>
      i % 5 === 0 ? null : i % 7 === 0 ? { kind: "none" } : { ...everything, count: i }
    const all = Array.from({ length: 300 }, (_, i) => ({ id: i + 10, config: config(i) }))
    await webhooks.save(all)

    const found = await webhooks.find({ order: { id: "ASC" } })
    expect(found.slice(1).map(({ config }) => config)).toEqual(all.map(({ config }) => config))
  })

  test("name the row and the place of a leaf that cannot be read", async () => {
    const foreign = new Keyring([keys.second]).encrypt('"s3cret"')
    const config = JSON.stringify({ headers: { Authorization: foreign } })
    await db.rawRows(
      `INSERT INTO ${db.escape("webhook")} (id, config, version) VALUES (2, '${config}', 1)`,
    )

    await expect(webhooks.find()).rejects.toMatchObject({
      reason: "unknown-key",
      property: "Webhook.config",
      primaryKey: { id: 2 },
      message: expect.stringMatching(
        /^Webhook\.config of the row with id 2 cannot be decrypted: what is stored at headers\.Authorization /,
      ) as unknown,
    })
  })
}
