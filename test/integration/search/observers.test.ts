import { inspect } from "node:util"

import { beforeAll, beforeEach, expect, test } from "@jest/globals"
import {
  type AfterQueryEvent,
  type BeforeQueryEvent,
  Column,
  type DataSource,
  Entity,
  type EntitySubscriberInterface,
  EventSubscriber,
  In,
  PrimaryColumn,
} from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"
import { RecordingLogger } from "../../binding/recording-logger"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { typeormUnderTest } from "../../support/typeorm-version"

@Entity()
class Person {
  @PrimaryColumn() id!: number
  @Column() name!: string
  @EncryptedColumn({ blindIndex: true }) email!: string
}

const events: unknown[] = []

/** What an application may keep of statements; TypeORM 0.3.17 tells subscribers of none. */
@EventSubscriber()
class Statements implements EntitySubscriberInterface {
  beforeQuery({ query, parameters }: BeforeQueryEvent): void {
    events.push({ query, parameters })
  }
  afterQuery(event: AfterQueryEvent): void {
    const { query, parameters } = event
    events.push({ query, parameters, error: event.error as unknown })
  }
}

eachDatabase("who is told of statements that seek legacy plaintext", (db) => {
  const logger = new RecordingLogger()
  let source: DataSource

  beforeAll(async () => {
    source = await db.connect(
      {
        entities: [Person],
        subscribers: [Statements],
        synchronize: true,
        logger,
        logging: "all",
        // Every statement counts as slow
        maxQueryExecutionTime: -1,
      },
      (unbound) => withEncryption(unbound, { keyring, plaintext: "allow" }),
    )
    await db.rawRows("INSERT INTO person (id, name, email) VALUES (1, 'Ada', 'sought@x')")
  })

  beforeEach(() => {
    logger.entries.length = 0
    events.length = 0
  })

  const shown = (): string =>
    inspect([logger.entries, events], { depth: Infinity, maxArrayLength: Infinity }) +
    JSON.stringify([logger.entries, events])

  test.each<[way: string, find: () => Promise<unknown>]>([
    ["find options", () => source.manager.findBy(Person, { email: "sought@x", name: "Ada" })],
    [
      "a list of any length",
      () => {
        const others = Array.from({ length: 1100 }, (_, i) => `sought-${i}`)
        return source.manager.findBy(Person, { email: In(["sought@x", ...others]), name: "Ada" })
      },
    ],
    [
      "a string",
      () =>
        source
          .createQueryBuilder(Person, "p")
          .where("p.email = :email AND p.name = :name", { email: "sought@x", name: "Ada" })
          .getMany(),
    ],
  ])("sees no value sought by %s, and the other parameters", async (_way, find) => {
    expect(await find()).toMatchObject([{ id: 1, email: "sought@x" }])

    const kinds = logger.entries.map(([kind]) => kind)
    expect(kinds).toEqual(expect.arrayContaining(["query", "slow"]))
    const query = logger.entries.find(
      ([kind, sql]) => kind === "query" && !String(sql).includes("missing"),
    )
    expect(query?.[2]).toEqual(expect.arrayContaining(["(encrypted)", "Ada"]))
    const isToldOfStatements = typeormUnderTest().version !== "0.3.17"
    expect(JSON.stringify(events).includes("(encrypted)")).toBe(isToldOfStatements)
    expect(shown()).not.toContain("sought")
  })

  test("sees none in what a statement is told by that failed", async () => {
    const builder = source.createQueryBuilder(Person, "p").where({ email: "sought@x" })

    // As it is run, since SQLite's driver throws an error of its own for what it cannot prepare
    const failing = builder.andWhere("abs(p.id - p.id - 9223372036854775807 - 1) = 1").getMany()
    await expect(failing).rejects.toMatchObject({ name: "QueryFailedError" })

    expect(logger.entries.map(([kind]) => kind)).toContain("query")
    expect(shown()).not.toContain("sought")
  })

  // SQLite's driver has no streams
  const streaming = db.name === "SQLite" ? test.skip : test
  streaming("sees none of a stream, nor in its error", async () => {
    const builder = source.createQueryBuilder(Person, "p").where({ email: "sought@x" })
    const rows: unknown[] = []
    for await (const row of await builder.stream()) rows.push(row)
    const failing = await builder.andWhere("no_such_function(p.id) = 1").stream()
    const error: unknown = await failing.toArray().catch((reason: unknown) => reason)

    expect(rows).toHaveLength(1)
    expect(error).toBeInstanceOf(Error)
    expect(inspect(error, { showHidden: true })).not.toContain("sought")
    expect(logger.entries.map(([kind]) => kind)).toContain("query")
    expect(shown()).not.toContain("sought")
  })

  test("sees what seeks nothing as it is, and may ask for the logger itself", async () => {
    await source.createQueryBuilder(Person, "p").where("p.name = :name", { name: "Ada" }).getMany()

    expect(logger.entries[0]?.[2]).toEqual(["Ada"])
    expect(source.logger).toBe(logger)
  })
})
