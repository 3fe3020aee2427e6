import { beforeEach, describe, expect, test } from "@jest/globals"
import { Column, type DataSource, Entity, PrimaryColumn } from "typeorm"

import { decryptColumns, EncryptedColumn, encryptColumns, withEncryption } from "../../../src"
import { eachDatabase, type TestDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { documentTypes, encryptedWebhooks, everything, plainWebhooks } from "./webhooks"

eachDatabase("the schema step of documents", (db) => {
  beforeEach(() => db.dropAllTables())

  describe.each(documentTypes[db.name])("in a column of type %s", (type) => {
    declareSchema(db, type)
  })

  test.each(changesOf(db))("keeps them from %s to %s", async (from, to) => {
    const filled = await connect(db, encryptedWebhooks(from), true)
    await filled.getRepository("Webhook").save({ id: 1, config: everything })
    await filled.destroy()

    const changed = await connect(db, encryptedWebhooks(to), true)
    expect(await changed.getRepository("Webhook").find()).toMatchObject([{ config: everything }])
    await changed.getRepository("Webhook").save({ id: 2, config: everything })
    expect(await pending(changed)).toEqual([])
    await changed.destroy()
  })

  test.each(documentTypes[db.name])(
    "lets no document of type %s leave the model while parts of it are tokens",
    async (type) => {
      const filled = await connect(db, encryptedWebhooks(type), true)
      await filled.getRepository("Webhook").save({ id: 1, config: everything })
      await filled.destroy()
      const before = await db.rawRows("SELECT * FROM webhook")
      @Entity("webhook")
      class Dropped {
        @PrimaryColumn() id!: number
        @Column({ type: "int", default: 1 }) version!: number
      }

      for (const entity of [plainWebhooks(type, "Webhook"), Dropped]) {
        const leaving = await connect(db, entity, false)
        await expect(leaving.synchronize()).rejects.toThrow(/webhook\.config holds tokens/)
        await leaving.destroy()
      }

      expect(await db.rawRows("SELECT * FROM webhook")).toEqual(before)
      const declared = await connect(db, encryptedWebhooks(type), false)
      await decryptColumns(declared, "Webhook")
      await declared.destroy()
      const left = await connect(db, plainWebhooks(type, "Webhook"), true)
      expect(await left.getRepository("Webhook").find()).toMatchObject([{ config: everything }])
      await left.destroy()
    },
  )

  test("refuses what was encrypted as a whole, and leaves it as it is", async () => {
    @Entity()
    class Webhook {
      @PrimaryColumn() id!: number
      @EncryptedColumn({ codec: "json" }) config!: unknown
      @Column({ type: "int", default: 1 }) version!: number
    }
    const whole = await connect(db, Webhook, true)
    await whole.getRepository(Webhook).save({ id: 1, config: everything })
    await whole.destroy()

    const [type = "json"] = documentTypes[db.name]
    const unbound = connect(db, encryptedWebhooks(type), true)
    const outcome = await unbound.then(
      async (source) => {
        const found = source.getRepository("Webhook").find()
        await expect(found).rejects.toMatchObject({ reason: "malformed" })
        await source.destroy()
        return "read"
      },
      (error: unknown) => (error as Error).message,
    )
    // SQLite's types hold any text
    if (db.name !== "SQLite") expect(outcome).toContain("Webhook.config")
    const again = await connect(db, Webhook, false)
    expect(await again.getRepository(Webhook).find()).toMatchObject([{ config: everything }])
    await again.destroy()
  })
})

function changesOf(
  db: TestDatabase,
): readonly (readonly ["json" | "text", "json" | "jsonb" | "text"])[] {
  const both = [
    ["json", "text"],
    ["text", "json"],
  ] as const
  return db.name === "PostgreSQL" ? [...both, ["json", "jsonb"], ["text", "jsonb"]] : both
}

type AnEntity = ReturnType<typeof encryptedWebhooks> | (new () => object)

function connect(db: TestDatabase, entity: AnEntity, synchronize: boolean): Promise<DataSource> {
  return db.connect({ entities: [entity], synchronize }, (source) =>
    withEncryption(source, { keyring, plaintext: "allow" }),
  )
}

async function pending(source: DataSource): Promise<readonly string[]> {
  const { upQueries } = await source.driver.createSchemaBuilder().log()
  return upQueries.map(({ query }) => query)
}

function declareSchema(db: TestDatabase, type: (typeof documentTypes)["PostgreSQL"][number]): void {
  test("finds nothing to do where documents are of their type, filled or not", async () => {
    const source = await connect(db, encryptedWebhooks(type), true)
    await source.getRepository("Webhook").save({ id: 1, config: everything })

    expect(await pending(source)).toEqual([])
    await source.synchronize()
    expect(await source.getRepository("Webhook").find()).toMatchObject([{ config: everything }])
  })

  test("takes a plain column over as it is", async () => {
    const plain = await db.connect({
      entities: [plainWebhooks(type, "Webhook")],
      synchronize: true,
    })
    await plain.getRepository("Webhook").save({ id: 1, config: everything })
    await plain.destroy()

    const source = await connect(db, encryptedWebhooks(type), true)
    expect(await source.getRepository("Webhook").find()).toMatchObject([{ config: everything }])
    expect(await encryptColumns(source, "Webhook")).toMatchObject({ changed: 1, drift: [] })
    expect(await pending(source)).toEqual([])
    await source.destroy()

    // A plain column would show tokens in its place
    const back = db.connect({ entities: [plainWebhooks(type, "Webhook")], synchronize: true })
    await (await back).destroy()
  })
}
