import { beforeAll, beforeEach, expect, test } from "@jest/globals"
import type { DataSource, Repository } from "typeorm"

import { withEncryption } from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring } from "../support/keys"
import { everything, Patient, Visit } from "./model"
import { open, rowsOf } from "./stored"

const everythingStored = {
  ssn: "078-05-1120",
  weight: "81.5",
  account: "1180591620717411303424",
  smoker: "false",
  bornOn: "1970-01-02T03:04:05.678Z",
  history: '{"allergies":["nuts"],"notes":{"ward":3}}',
  photo: everything.photo.toString("utf8"),
}

const nothing = {
  ssn: null,
  weight: null,
  account: null,
  smoker: null,
  bornOn: null,
  history: null,
  photo: null,
}

eachDatabase("writing encrypted columns", (db) => {
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
  })

  /** Opens every cell of the patients as stored. */
  async function stored(): Promise<Record<string, string | null>[]> {
    const rows = await rowsOf(db, "patient")
    return rows.map((row) =>
      Object.fromEntries(Object.keys(everything).map((name) => [name, open(row[name])])),
    )
  }

  const reloaded = () => patients.findOneByOrFail({ name: "Ada" })
  const storedSsns = async () => (await stored()).map(({ ssn }) => ssn)

  test("save stores a token of every value and leaves the values in the entity", async () => {
    const patient = await patients.save(patients.create({ name: "Ada", ...everything }))

    expect(patient).toMatchObject(everything)
    expect(await stored()).toEqual([everythingStored])
    expect(await reloaded()).toMatchObject(everything)
  })

  test("null is NULL in the database and null again in the entity", async () => {
    await patients.save({ name: "Ada", ...nothing })

    expect((await rowsOf(db, "patient"))[0]).toMatchObject(nothing)
    expect(await reloaded()).toMatchObject(nothing)
  })

  test("a property that is not set is NULL, and null in the saved entity as in a plain column", async () => {
    const patient = await patients.save(patients.create({ name: "Ada" }))

    expect(patient).toMatchObject(nothing)
    expect((await rowsOf(db, "patient"))[0]).toMatchObject(nothing)
  })

  test("the empty string, zero and false are values", async () => {
    await patients.save({ name: "Ada", ssn: "", weight: 0, account: 0n, smoker: false })

    expect((await stored())[0]).toMatchObject({ ssn: "", weight: "0", account: "0" })
    expect(await reloaded()).toMatchObject({ ssn: "", weight: 0, account: 0n, smoker: false })
  })

  test("insert stores tokens and leaves the caller's object as it was", async () => {
    const values = { name: "Ada", ...everything }
    await patients.insert(values)

    expect(values).toMatchObject(everything)
    expect(await stored()).toEqual([everythingStored])
  })

  test("one insert of many gives equal values different tokens", async () => {
    await patients.insert(["Ada", "Bob", "Cleo"].map((name) => ({ name, ssn: "078-05-1120" })))

    const tokens = (await rowsOf(db, "patient")).map(({ ssn }) => ssn)
    expect(new Set(tokens).size).toBe(3)
    expect(await storedSsns()).toEqual(Array(3).fill("078-05-1120"))
  })

  test("update stores a token and leaves other encrypted columns untouched", async () => {
    await patients.insert({ name: "Ada", ...everything })
    const [before] = await rowsOf(db, "patient")
    await patients.update({ name: "Ada" }, { ssn: "219-09-9999" })

    const [after] = await rowsOf(db, "patient")
    expect(open(after?.ssn)).toBe("219-09-9999")
    expect(after?.history).toBe(before?.history)
  })

  test("update to null and of undefined sets NULL and touches nothing", async () => {
    await patients.insert({ name: "Ada", ssn: "078-05-1120", weight: 81.5 })
    await patients.update({ name: "Ada" }, { ssn: null, weight: undefined })

    expect((await stored())[0]).toMatchObject({ ssn: null, weight: "81.5" })
  })

  test("upsert stores tokens when it inserts and when it updates", async () => {
    await patients.upsert({ name: "Ada", ssn: "078-05-1120" }, ["name"])
    expect(await storedSsns()).toEqual(["078-05-1120"])

    await patients.upsert({ name: "Ada", ssn: "219-09-9999" }, ["name"])
    expect(await storedSsns()).toEqual(["219-09-9999"])
  })

  test("soft removal and recovery keep the token as it is", async () => {
    const patient = await patients.save({ name: "Ada", ssn: "078-05-1120" })
    const [before] = await rowsOf(db, "patient")
    await patients.softDelete({ id: patient.id })
    await patients.restore({ id: patient.id })
    await patients.softRemove(await reloaded())
    await patients.recover(
      await patients.findOneOrFail({ where: { name: "Ada" }, withDeleted: true }),
    )

    expect((await rowsOf(db, "patient"))[0]?.ssn).toBe(before?.ssn)
    expect((await reloaded()).ssn).toBe("078-05-1120")
  })

  test("a cascade stores tokens of the children", async () => {
    const visits = [{ diagnosis: "flu" }, { diagnosis: "gout" }]
    await patients.save(patients.create({ name: "Ada", visits }))

    const rows = await rowsOf(db, "visit")
    expect(rows.map(({ diagnosis }) => open(diagnosis))).toEqual(["flu", "gout"])
    const { visits: loaded } = await patients.findOneOrFail({
      where: { name: "Ada" },
      relations: { visits: true },
      order: { visits: { id: "ASC" } },
    })
    expect(loaded).toMatchObject(visits)
  })

  test("a query builder stores tokens on INSERT and UPDATE", async () => {
    const values = { name: "Ada", ssn: "078-05-1120" }
    await dataSource.createQueryBuilder().insert().into(Patient).values(values).execute()
    expect(await storedSsns()).toEqual(["078-05-1120"])

    await patients.createQueryBuilder().update().set({ ssn: "219-09-9999" }).execute()
    expect(await storedSsns()).toEqual(["219-09-9999"])
  })

  test("save in a transaction stores tokens, and a rollback takes them back", async () => {
    await dataSource.transaction((manager) => manager.save(Patient, { name: "Ada", ssn: "1" }))
    const failing = dataSource.transaction(async (manager) => {
      await manager.save(Patient, { name: "Bob", ssn: "2" })
      throw new Error("rolled back")
    })

    await expect(failing).rejects.toThrow("rolled back")
    expect(await storedSsns()).toEqual(["1"])
  })

  test("a value of the wrong type is refused with its property and type, and nothing is written", async () => {
    const saving = patients.save({ name: "Ada", ssn: 780511 } as never)

    await expect(saving).rejects.toMatchObject({
      code: "ERR_INVALID_VALUE",
      message: "Patient.ssn: expected a string, got a number.",
    })
    expect(await rowsOf(db, "patient")).toEqual([])
  })

  test("a token of our own keys is refused as a value, so nothing is encrypted twice", async () => {
    await patients.insert({ name: "Ada", ssn: "078-05-1120" })
    const [row] = await rowsOf(db, "patient")
    const updating = patients.update({ name: "Ada" }, { ssn: row?.ssn as string })

    await expect(updating).rejects.toMatchObject({ code: "ERR_ALREADY_ENCRYPTED" })
    expect(await storedSsns()).toEqual(["078-05-1120"])
  })

  test("a SQL expression is refused as a value", async () => {
    await patients.insert({ name: "Ada", ssn: "078-05-1120" })
    const updating = patients.update({ name: "Ada" }, { ssn: () => "'in the clear'" })
    const inserting = dataSource
      .createQueryBuilder()
      .insert()
      .into(Patient)
      .values({ name: "Bob", ssn: () => "'in the clear'" })

    await expect(updating).rejects.toMatchObject({ code: "ERR_UNSUPPORTED_QUERY" })
    await expect(inserting.execute()).rejects.toMatchObject({ code: "ERR_UNSUPPORTED_QUERY" })
    expect(await storedSsns()).toEqual(["078-05-1120"])
  })

  test("a table's name that TypeORM does not resolve to the entity is refused as a target", async () => {
    const values = { name: "Ada", ssn: "078-05-1120" }
    const builder = () => dataSource.createQueryBuilder()
    const inserting = () => builder().insert().into("elsewhere.patient").values(values).execute()
    const updating = () => builder().update("elsewhere.patient").set(values).execute()

    for (const writing of [
      inserting,
      updating,
      () => dataSource.manager.insert('"patient"', values),
    ]) {
      await expect(Promise.resolve().then<unknown>(writing)).rejects.toMatchObject({
        code: "ERR_UNSUPPORTED_QUERY",
        property: "Patient",
      })
    }
    await builder().insert().into("patient").values(values).execute()
    expect(await storedSsns()).toEqual(["078-05-1120"])
  })
})
