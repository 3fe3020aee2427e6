import { inspect } from "node:util"

import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals"
import {
  And,
  type DataSource,
  EntityManager,
  Equal,
  type FindOptionsWhere,
  In,
  IsNull,
  Like,
  Not,
  Repository,
} from "typeorm"

import { BlindEqual, BlindIn, withEncryption } from "../../../src"
import { reachableText } from "../../binding/reachable-text"
import { RecordingLogger } from "../../binding/recording-logger"
import { eachDatabase } from "../../support/databases"
import { keyring } from "../../support/keys"
import { Club, Member } from "./model"

const MARKER = "marker@example.com"
const NO_ID = "00000000-0000-4000-8000-000000000000"

function expectNoMarker(...evidence: unknown[]): void {
  for (const value of evidence) {
    const shown = [inspect(value, { showHidden: true, depth: 6 }), reachableText(value)]
    shown.push(String((value as Error | undefined)?.stack), JSON.stringify([value]))
    expect(shown.join("\n").toLowerCase()).not.toContain("marker")
  }
}

class AuditedManager extends EntityManager {}

/** Conditions that hold the marker, each made anew. */
const wheres: readonly (readonly [string, () => FindOptionsWhere<Member>])[] = [
  ["a plain value", () => ({ email: MARKER })],
  ["Equal", () => ({ email: Equal(MARKER) })],
  ["In", () => ({ email: In([MARKER, "x"]), name: "Nobody" })],
  ["Not", () => ({ email: Not(MARKER), name: "Nobody" })],
  ["And", () => ({ email: And(Not(IsNull()), Equal(MARKER)) })],
  ["BlindEqual", () => ({ email: BlindEqual(MARKER) })],
  ["BlindIn", () => ({ email: BlindIn([MARKER]) })],
  ["an embedded property", () => ({ contact: { phone: MARKER } })],
  ["a property of a relation", () => ({ club: { code: MARKER } })],
]

eachDatabase("a search", (db) => {
  const logger = new RecordingLogger()
  let dataSource: DataSource
  let members: Repository<Member>

  beforeAll(async () => {
    dataSource = await db.connect(
      {
        entities: [Member, Club],
        synchronize: true,
        logger,
        cache: true,
        maxQueryExecutionTime: -1,
      },
      (source) => withEncryption(source, { keyring }),
    )
    members = dataSource.getRepository(Member)
    await members.insert({ name: "Ada", email: "ada@example.com" })
  })

  beforeEach(() => {
    logger.entries.length = 0
  })

  async function failureOf(run: () => Promise<unknown>): Promise<Error> {
    return run().then(
      () => {
        throw new Error("nothing was rejected")
      },
      (error: unknown) => error as Error,
    )
  }

  describe.each(wheres)("for %s", (_title, where) => {
    const failing = (manager: EntityManager): (() => Promise<unknown>)[] => [
      () => manager.findOneByOrFail(Member, where()),
      () => manager.findOneOrFail(Member, { where: where() }),
      () => manager.findOneOrFail(Member, { where: [where(), { name: "Nobody" }] }),
      () => manager.getRepository(Member).findOneByOrFail(where()),
      () => manager.getRepository(Member).findOneByOrFail([where()]),
      () => manager.getRepository(Member).findOneOrFail({ where: where() }),
      () => manager.findOneByOrFail(Club, { members: where() }),
      () => manager.getRepository(Club).findOneOrFail({ where: { members: where() } }),
    ]

    test("that finds nothing shows no value in the error, nor in the log", async () => {
      const [runner, other] = [dataSource.createQueryRunner(), dataSource.createQueryRunner()]
      const managers = [
        dataSource.manager,
        runner.manager,
        new EntityManager(dataSource),
        new EntityManager(dataSource, other),
        new AuditedManager(dataSource),
      ]
      for (const run of managers.flatMap(failing)) {
        const error = await failureOf(run)
        expect(error.name).toBe("EntityNotFoundError")
        expectNoMarker(error)
      }
      await runner.release()
      await other.release()
      await dataSource.transaction(async (manager) => {
        for (const run of failing(manager)) expectNoMarker(await failureOf(run))
      })

      expectNoMarker(logger.entries)
    })

    test("leaves no value in the result cache", async () => {
      await members.find({ where: where(), cache: true })
      await members.find({ where: where(), cache: true, relations: { club: true }, take: 1 })

      const rows = await db.rawRows(`SELECT * FROM ${db.escape("query-result-cache")}`)
      expect(rows.length).toBeGreaterThan(0)
      expectNoMarker(rows, logger.entries)
    })
  })

  test("by a manager made by new that finds nothing names the property in the error", async () => {
    const manager = new EntityManager(dataSource)
    const where = { email: MARKER, name: "Nobody" }
    const failing = [
      () => manager.findOneOrFail(Member, { where }),
      () => manager.findOneByOrFail(Member, where),
      () => new Repository(Member, manager).findOneByOrFail(where),
    ]
    for (const run of failing) {
      const { message } = await failureOf(run)

      expect(message).toContain('"email": "(encrypted)"')
      expect(message).toContain('"name": "Nobody"')
    }
    expect(await manager.findOne(Member, { where })).toBeNull()
    expect(await manager.findOneBy(Member, where)).toBeNull()
  })

  test("that finds nothing names the property in the error", async () => {
    const where = { email: MARKER, name: "Nobody" }
    const error = await failureOf(() => members.findOneOrFail({ where, withDeleted: true }))

    expect(error.message).toContain('"email": "(encrypted)"')
    expect(error.message).toContain('"name": "Nobody"')
    expect(error.message).toContain('"withDeleted": true')
  })

  test("with getOneOrFail shows no value in the error", async () => {
    const builder = members.createQueryBuilder("m").where({ email: MARKER })
    const error = await failureOf(() =>
      builder.andWhere("m.id = :id", { id: NO_ID }).getOneOrFail(),
    )

    expectNoMarker(error)
    expect(error.name).toBe("EntityNotFoundError")
    expect(error.message).toContain(`"id": "${NO_ID}"`)
    expect(error.message).toContain('"(encrypted)"')
  })

  test("that is answered from the cache finds the row by its value", async () => {
    const found = () => members.find({ where: { email: " ADA@example.com" }, cache: true })
    const [first, second] = [await found(), await found()]

    expect(first).toMatchObject([{ name: "Ada", email: "ada@example.com" }])
    expect(second).toEqual(first)
  })

  test("that no index answers shows no value in the error", async () => {
    for (const condition of [
      Like(`${MARKER}%`),
      In([MARKER, null]),
      BlindEqual(MARKER, { index: "x" }),
    ]) {
      const error = await failureOf(() => members.findBy({ email: condition as never }))

      expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY", property: "Member.email" })
      expectNoMarker(error)
    }
    expect(logger.statements).toEqual([])
  })
})

eachDatabase("a unique blind index", (db) => {
  test("is violated without a value in the error or the log", async () => {
    const logger = new RecordingLogger()
    const source = await db.connect(
      { entities: [Member, Club], synchronize: true, logger },
      (unbound) => withEncryption(unbound, { keyring }),
    )
    const members = source.getRepository(Member)
    const club = await source.manager.save(Club, { code: "marker" })
    await members.insert({ name: "Ada", email: MARKER, club })
    const bob = await members.save({ name: "Bob" })
    const attempts = [
      () => members.insert({ name: "Cleo", email: MARKER.toUpperCase() }),
      () => members.save({ name: "Cleo", email: ` ${MARKER}` }),
      () => members.save({ id: bob.id, email: MARKER }),
      () => members.update({ name: "Bob" }, { email: MARKER }),
      () => members.upsert({ name: "Bob", email: MARKER }, ["name"]),
    ]

    for (const attempt of attempts) {
      const outcome: unknown = await attempt().catch((error: unknown) => error)
      // On MariaDB an upsert takes any unique index for the conflict
      if (outcome instanceof Error) {
        expect(outcome.name).toBe("QueryFailedError")
        expectNoMarker(outcome)
      } else expect(db.name).toBe("MariaDB")
    }
    expectNoMarker(logger.entries)
    expect(await members.countBy({ email: MARKER })).toBe(1)
  })
})

describe.each([
  ["BlindEqual", BlindEqual(MARKER)],
  ["BlindIn", BlindIn([MARKER])],
])("%s", (_name, operator) => {
  test("shows its value to nobody", () => {
    expectNoMarker(operator, { where: { email: operator } }, Not(operator), operator.value)
  })
})
