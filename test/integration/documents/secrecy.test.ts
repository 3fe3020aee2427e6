import { inspect } from "node:util"

import { beforeEach, describe, expect, test } from "@jest/globals"
import type { DataSource, Repository } from "typeorm"

import { encryptColumns, inspectColumns, onEvents, withEncryption } from "../../../src"
import { RecordingLogger } from "../../binding/recording-logger"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { documentTypes, encryptedWebhooks, type Webhook } from "./webhooks"

const MARKER = "leaf-marker-078"
const config = {
  kind: "http",
  headers: { Authorization: `Bearer ${MARKER}` },
  actions: [{ token: MARKER }, { token: { nested: MARKER } }],
}

/** All that can be seen of values, to its depths. */
function shown(...values: readonly unknown[]): string {
  return inspect(values, { depth: 12, showHidden: true, maxArrayLength: null }) + errorsIn(values)
}

function errorsIn(values: readonly unknown[]): string {
  return values
    .map((one) => (one instanceof Error ? `${one.message} ${one.stack ?? ""}` : ""))
    .join()
}

async function failure(attempt: () => Promise<unknown>): Promise<unknown> {
  return attempt().then(
    () => {
      throw new Error("nothing failed")
    },
    (error: unknown) => error,
  )
}

eachDatabase("the secrets of documents", (db) => {
  describe.each(documentTypes[db.name])("in a column of type %s", (type) => {
    const logger = new RecordingLogger()
    let source: DataSource
    let webhooks: Repository<Webhook>
    beforeEach(async () => {
      await db.dropAllTables()
      const entity = encryptedWebhooks(type)
      source = await db.connect(
        { entities: [entity], synchronize: true, cache: true, logger, logging: "all" },
        (unbound) => withEncryption(unbound, { keyring, plaintext: "allow" }),
      )
      webhooks = source.getRepository(entity)
      logger.entries.length = 0
    })

    test("are in no log and in no event", async () => {
      const events: unknown[] = []
      const note = (event: unknown): void => void events.push(event)
      const stop = onEvents({ encrypt: note, decrypt: note, decryptFailed: note, search: note })
      await webhooks.insert({ id: 1, config })
      const found = await webhooks.findOneByOrFail({ id: 1 })
      await webhooks.save({ ...found, config: { ...config, kind: "https" } })
      await webhooks.update(1, { config: { ...config, actions: [{ token: `${MARKER}!` }] } })
      await webhooks.upsert({ id: 1, config }, ["id"])
      stop()

      expect([events.length > 3, logger.entries.length > 3]).toEqual([true, true])
      expect(shown(logger.entries, events)).not.toContain(MARKER)
    })

    test("are in no error, of a statement, of what is refused, or of a cell that does not open", async () => {
      await webhooks.insert({ id: 1, config })
      const misplaced = { headers: [{ Authorization: MARKER }] }
      const token = keyring.encrypt(MARKER)
      const errors = [
        await failure(() => webhooks.insert({ id: 1, config })),
        await failure(() => webhooks.insert({ id: 2, config: misplaced })),
        await failure(() =>
          webhooks.insert({ id: 2, config: { headers: { Authorization: token } } }),
        ),
        await failure(() =>
          webhooks.createQueryBuilder("w").where("w.config = :c", { c: config }).getMany(),
        ),
      ]
      const column = db.escape("config")
      const damaged = JSON.stringify({
        headers: { Authorization: token.replace(/.{6}$/, "AAAA==") },
      })
      await db.rawRows(`UPDATE webhook SET ${column} = '${damaged}'`)
      errors.push(await failure(() => webhooks.find()))

      expect(shown(...errors, logger.entries)).not.toContain(MARKER)
      expect(shown(...errors)).not.toContain(token.slice(0, 40))
    })

    test("are in no report of bulk work, and in no result cache", async () => {
      await db.rawRows(
        `INSERT INTO webhook (id, config, version) VALUES (1, '${JSON.stringify(config)}', 1)`,
      )
      const reports = [
        await inspectColumns(source, "Webhook"),
        await encryptColumns(source, "Webhook", { batchSize: 1 }),
      ]
      await webhooks.find({ cache: 60_000 })
      await webhooks.find({ cache: 60_000 })

      const cached = await db.rawRows(`SELECT * FROM ${db.escape("query-result-cache")}`)
      expect(shown(cached)).toContain("gAAAAA")
      expect(shown(reports, cached, logger.entries)).not.toContain(MARKER)
    })
  })
})
