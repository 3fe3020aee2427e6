import { beforeAll, beforeEach, expect, test } from "@jest/globals"
import { InsertQueryBuilder, Raw, type DataSource, type Repository } from "typeorm"

import { UnsupportedQueryError, withEncryption } from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring } from "../support/keys"
import { Patient, Visit } from "./model"
import { rowsOf } from "./stored"

eachDatabase("a query builder derived from another", (db) => {
  let dataSource: DataSource
  let patients: Repository<Patient>

  beforeAll(async () => {
    dataSource = await db.connect({ entities: [Patient, Visit], synchronize: true }, (source) =>
      withEncryption(source, { keyring }),
    )
    patients = dataSource.getRepository(Patient)
  })

  beforeEach(async () => {
    await dataSource.createQueryBuilder().delete().from(Visit).execute()
    await dataSource.createQueryBuilder().delete().from(Patient).execute()
    await patients.insert({ name: "Ada", ssn: "078-05-1120" })
  })

  const builder = () => patients.createQueryBuilder("p")
  const raw = () => ({ ssn: Raw((alias) => `${alias} IS NOT NULL`) })

  async function expectRefused(run: () => unknown): Promise<void> {
    const refusal = await Promise.resolve()
      .then(run)
      .catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(UnsupportedQueryError)
    expect(await rowsOf(db, "patient")).toHaveLength(1)
  }

  test("by cloning is guarded", async () => {
    await expectRefused(() => builder().clone().orderBy("p.ssn").getMany())
    await expectRefused(() =>
      builder()
        .clone()
        .setFindOptions({ order: { ssn: "ASC" } })
        .getMany(),
    )
    await expectRefused(() => builder().clone().clone().setFindOptions({ where: raw() }).getMany())
  })

  test("as a sub-query is guarded", async () => {
    await expectRefused(() =>
      dataSource
        .createQueryBuilder()
        .select("x.id")
        .from((sub) => sub.select("p.id", "id").from(Patient, "p").orderBy("p.ssn").limit(1), "x")
        .getRawMany(),
    )
  })

  test("is refused an order by an alias that is joined only afterwards", async () => {
    await expectRefused(() => builder().orderBy("v.diagnosis").leftJoin("p.visits", "v").getMany())
  })

  test("is refused aggregates and distinct selections of encrypted columns", async () => {
    await expectRefused(() => builder().select("MAX(p.ssn)", "max").getRawOne())
    await expectRefused(() => patients.maximum("ssn" as never))
    if (db.name !== "PostgreSQL") return
    await expectRefused(() => builder().distinctOn(["p.ssn"]).getMany())
  })

  test("to write is refused a table's name that TypeORM does not resolve", async () => {
    const values = { name: "Bob", ssn: "219-09-9999" }
    const empty = () => dataSource.createQueryBuilder()
    await expectRefused(() => empty().insert().into("PATIENT").values(values).execute())
    await expectRefused(() => empty().clone().update("elsewhere.patient").set(values).execute())
    await expectRefused(() => empty().from("elsewhere.patient", "x").update().set(values).execute())
    await expectRefused(() => empty().delete().update("elsewhere.patient").set(values).execute())
  })

  test("stays guarded when a library wraps createQueryBuilder afterwards", async () => {
    const wrapped = await db.connect({ entities: [Patient, Visit] }, (source) =>
      withEncryption(source, { keyring }),
    )
    const createQueryBuilder = wrapped.createQueryBuilder.bind(wrapped) as (...a: never[]) => never
    wrapped.createQueryBuilder = (...args: never[]) => createQueryBuilder(...args)
    const repository = wrapped.getRepository(Patient)

    await expectRefused(() => repository.find({ order: { ssn: "ASC" } }))
    await expectRefused(() => repository.find({ where: raw() }))
    await expectRefused(() => repository.find({ where: Object.create(raw()) as object }))
    expect(await repository.find()).toHaveLength(1)
  })

  test("is refused to insert what a selection yields", async () => {
    if (!("valuesFromSelect" in InsertQueryBuilder.prototype)) return
    const insert = () => dataSource.createQueryBuilder().insert()
    const select = () => builder().select("p.name", "name").addSelect("1", "version")

    await expectRefused(() =>
      insert().into(Patient, ["ssn", "version"]).valuesFromSelect(select()).execute(),
    )
    const plain = insert().into(Visit, ["version"]).valuesFromSelect(select().select("1"))
    expect(plain.getQuery()).toMatch(/^INSERT INTO .* SELECT/)
  })

  test("is refused a Promise as value, as after a forgotten await", async () => {
    const ssn = Promise.resolve("219-09-9999") as never
    const patient = await patients.findOneByOrFail({ name: "Ada" })

    for (const writing of [
      () => patients.save(Object.assign(patient, { ssn })),
      () => patients.save({ name: "Bob", ssn }),
      () => patients.insert({ name: "Bob", ssn }),
      () => patients.update({ name: "Ada" }, { ssn }),
    ]) {
      await expect(Promise.resolve().then<unknown>(writing)).rejects.toMatchObject({
        code: "ERR_INVALID_VALUE",
      })
    }
    expect(await rowsOf(db, "patient")).toHaveLength(1)
  })
})
