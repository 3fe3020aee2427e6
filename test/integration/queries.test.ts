import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals"
import {
  And,
  Any,
  ArrayContains,
  Between,
  Equal,
  ILike,
  In,
  IsNull,
  LessThan,
  Like,
  MoreThan,
  Not,
  Raw,
  type DataSource,
  type FindOptionsWhere,
  type Repository,
} from "typeorm"
import * as typeorm from "typeorm"

import { UnsupportedQueryError, withEncryption } from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring } from "../support/keys"
import { RecordingLogger } from "../support/recording-logger"
import { Patient, Visit } from "./model"
import { rowsOf } from "./stored"

/** TypeORM has it since 0.3.18. */
const { Or } = typeorm as Partial<typeof typeorm>

/** Conditions that ciphertext cannot answer, each made anew because TypeORM changes operators. */
const unanswerable: readonly (readonly [name: string, condition: () => unknown])[] = [
  ["a plain value", () => "078-05-1120"],
  ["a value of another type", () => 780511],
  ["Equal", () => Equal("078-05-1120")],
  ["Not of a value", () => Not("x")],
  ["Not of Equal", () => Not(Equal("x"))],
  ["Not of In", () => Not(In(["x"]))],
  ["In", () => In(["078-05-1120"])],
  ["In of nothing", () => In([])],
  ["Any", () => Any(["078-05-1120"])],
  ["Like", () => Like("078%")],
  ["ILike", () => ILike("078%")],
  ["Not of Like", () => Not(Like("078%"))],
  ["MoreThan", () => MoreThan("0")],
  ["LessThan", () => LessThan("9")],
  ["Between", () => Between("0", "9")],
  ["ArrayContains", () => ArrayContains(["078-05-1120"])],
  ["Raw with a function", () => Raw((alias) => `${alias} IS NOT NULL`)],
  ["Raw with parameters", () => Raw((alias) => `${alias} = :ssn`, { ssn: "078-05-1120" })],
  ["Raw with text", () => Raw("078-05-1120")],
  ["And", () => And(Not(IsNull()), Equal("x"))],
  ...(Or ? [["Or", () => Or(IsNull(), Equal("x"))] as const] : []),
]

eachDatabase("conditions on an encrypted column", (db) => {
  const logger = new RecordingLogger()
  let dataSource: DataSource
  let patients: Repository<Patient>

  beforeAll(async () => {
    dataSource = await db.connect(
      { entities: [Patient, Visit], synchronize: true, logger },
      (source) => withEncryption(source, { keyring }),
    )
    patients = dataSource.getRepository(Patient)
  })

  beforeEach(async () => {
    await dataSource.createQueryBuilder().delete().from(Visit).execute()
    await dataSource.createQueryBuilder().delete().from(Patient).execute()
    const visits = [{ diagnosis: "flu" }]
    await patients.save(patients.create({ name: "Ada", ssn: "078-05-1120", visits }))
    await patients.insert({ name: "Bob" })
    logger.statements.length = 0
  })

  /** Expects a refusal before any statement is sent, and every row as it was. */
  async function expectRefused(run: () => unknown, property = "Patient.ssn"): Promise<void> {
    const refusal = await Promise.resolve()
      .then(run)
      .catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(UnsupportedQueryError)
    expect(refusal).toMatchObject({ property })
    const sent = logger.statements.filter(({ sql }) => !/^(?:START|BEGIN|ROLLBACK)/.test(sql))
    expect(sent).toEqual([])
    expect(await rowsOf(db, "patient")).toMatchObject([
      { name: "Ada", deletedAt: null, version: 1 },
      { name: "Bob", deletedAt: null, version: 1 },
    ])
  }

  describe.each(unanswerable)("with %s", (_name, condition) => {
    const where = () => ({ ssn: condition() }) as FindOptionsWhere<Patient>
    const nested = () => ({ patient: where() })

    test("are refused by the methods that find", async () => {
      await expectRefused(() => patients.find({ where: where() }))
      await expectRefused(() => patients.findBy(where()))
      await expectRefused(() => patients.findOne({ where: where() }))
      await expectRefused(() => patients.findOneByOrFail(where()))
      await expectRefused(() => patients.findAndCount({ where: where(), take: 1 }))
      await expectRefused(() => patients.count({ where: where() }))
      await expectRefused(() => patients.countBy(where()))
      await expectRefused(() => patients.maximum("id", where()))
    })

    test("are refused in alternatives and in relations", async () => {
      const visits = dataSource.getRepository(Visit)
      await expectRefused(() => patients.findBy([{ name: "Ada" }, where()]))
      await expectRefused(() => visits.findBy(nested()))
      await expectRefused(() => visits.find({ where: nested(), relations: { patient: true } }))
    })

    test("are refused as criteria of what changes rows", async () => {
      await expectRefused(() => patients.delete(where()))
      await expectRefused(() => patients.update(where(), { name: "x" }))
      await expectRefused(() => patients.softDelete(where()))
      await expectRefused(() => patients.restore(where()))
      await expectRefused(() => patients.increment(where(), "version", 1))
      await expectRefused(() => patients.decrement(where(), "version", 1))
    })

    test("are refused in a query builder's objects", async () => {
      const builder = () => patients.createQueryBuilder("p")
      await expectRefused(() => builder().where(where()).getMany())
      await expectRefused(() => builder().where("p.id > 0").andWhere(where()).getCount())
      await expectRefused(() =>
        builder()
          .where([{ name: "Ada" }, where()])
          .getMany(),
      )
      await expectRefused(() => builder().delete().where(where()).execute())
      await expectRefused(() => builder().update().set({ name: "x" }).where(where()).execute())
      await expectRefused(() => builder().setFindOptions({ where: where() }).getMany())
    })
  })

  test("with IsNull find the rows without a value", async () => {
    const found = await patients.find({ where: { ssn: IsNull() } })
    const built = await patients.createQueryBuilder("p").where({ ssn: IsNull() }).getMany()

    expect([...found, ...built].map(({ name }) => name)).toEqual(["Bob", "Bob"])
    expect(await patients.countBy([{ ssn: IsNull() }, { name: "Ada" }])).toBe(2)
  })

  test("with Not of IsNull find the rows with a value", async () => {
    const found = await patients.find({ where: { ssn: Not(IsNull()) } })
    const visits = await dataSource.getRepository(Visit).findBy({ patient: { ssn: Not(IsNull()) } })

    expect(found.map(({ ssn }) => ssn)).toEqual(["078-05-1120"])
    expect(visits).toHaveLength(1)
  })

  test("with IsNull inside And and Or are answered", async () => {
    expect(await patients.countBy({ ssn: And(Not(IsNull()), Not(IsNull())) })).toBe(1)
    if (Or) expect(await patients.countBy({ ssn: Or(IsNull(), Not(IsNull())) })).toBe(2)
  })

  test("with IsNull choose the rows to change", async () => {
    await patients.update({ ssn: IsNull() }, { name: "Cleo" })
    expect((await rowsOf(db, "patient")).map(({ name }) => name)).toEqual(["Ada", "Cleo"])

    await patients.delete({ ssn: IsNull() })
    expect((await rowsOf(db, "patient")).map(({ name }) => name)).toEqual(["Ada"])
  })

  test("can reuse one operator object", async () => {
    const operator = Not(IsNull())

    expect(await patients.countBy({ ssn: operator })).toBe(1)
    expect(await patients.countBy({ ssn: operator, weight: IsNull() })).toBe(1)
  })
})

eachDatabase("an encrypted column", (db) => {
  const logger = new RecordingLogger()
  let patients: Repository<Patient>
  let visits: Repository<Visit>

  beforeAll(async () => {
    const dataSource = await db.connect(
      { entities: [Patient, Visit], synchronize: true, logger },
      (source) => withEncryption(source, { keyring }),
    )
    patients = dataSource.getRepository(Patient)
    visits = dataSource.getRepository(Visit)
    logger.statements.length = 0
  })

  async function expectRefused(run: () => unknown): Promise<void> {
    await expect(Promise.resolve().then(run)).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED_QUERY",
      property: "Patient.weight",
    })
    expect(logger.statements).toEqual([])
  }

  test("is refused as an order in find options", async () => {
    await expectRefused(() => patients.find({ order: { weight: "ASC" } }))
    await expectRefused(() => patients.findOne({ where: { id: 1 }, order: { weight: -1 } }))
    await expectRefused(() =>
      visits.find({ relations: { patient: true }, order: { patient: { weight: "DESC" } } }),
    )
    await expectRefused(() =>
      patients.find({ order: { weight: { direction: "ASC", nulls: "LAST" } } }),
    )
  })

  test("is refused as an order or group in a query builder", async () => {
    const builder = () => patients.createQueryBuilder("p")
    await expectRefused(() => builder().orderBy("p.weight").getMany())
    await expectRefused(() => builder().orderBy({ "p.weight": "ASC" }).getMany())
    await expectRefused(() => builder().orderBy("p.id").addOrderBy("p.weight").getMany())
    await expectRefused(() => builder().groupBy("p.weight").getRawMany())
    await expectRefused(() => builder().groupBy("p.id").addGroupBy("p.weight").getRawMany())
  })

  // The types leave out properties that may be null
  const weight = "weight" as never

  test("is refused in aggregates", async () => {
    await expectRefused(() => patients.sum(weight))
    await expectRefused(() => patients.average(weight))
    await expectRefused(() => patients.minimum(weight))
    await expectRefused(() => patients.maximum(weight))
  })

  test("is refused in aggregates inside a transaction", async () => {
    const running = patients.manager.transaction((manager) => manager.maximum(Patient, weight))

    await expect(running).rejects.toMatchObject({ code: "ERR_UNSUPPORTED_QUERY" })
    logger.statements.length = 0
  })

  test("cannot be incremented or decremented", async () => {
    await expectRefused(() => patients.increment({ id: 1 }, "weight", 1))
    await expectRefused(() => patients.decrement({ id: 1 }, "weight", 1))
  })

  test("leaves order and aggregates of other columns alone", async () => {
    await patients.find({ order: { name: "ASC" }, where: { name: Like("A%") } })
    await patients.createQueryBuilder("p").orderBy("p.name").addOrderBy("p.id").getMany()

    expect(await patients.maximum("version")).toBeNull()
  })
})
