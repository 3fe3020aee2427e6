import assert from "node:assert/strict"
import { after, before, beforeEach, describe, test } from "node:test"
import {
  addTransactionalDataSource,
  deleteDataSourceByName,
  initializeTransactionalContext,
  runInTransaction,
  StorageDriver,
} from "typeorm-transactional"

import { type Clinic, legible, openClinic, Patient } from "./clinic"

initializeTransactionalContext({ storageDriver: StorageDriver.ASYNC_LOCAL_STORAGE })

/** Whether the library takes the DataSource before the encryption does, or after. */
const orders = {
  before: () => openClinic((dataSource) => void addTransactionalDataSource(dataSource)),
  after: async () => {
    const clinic = await openClinic()
    addTransactionalDataSource(clinic.dataSource)
    return clinic
  },
}

for (const [order, open] of Object.entries(orders)) {
  describe(`typeorm-transactional, added ${order} the encryption`, () => {
    let clinic: Clinic

    before(async () => {
      clinic = await open()
    })

    beforeEach(async () => {
      await clinic.dataSource.getRepository(Patient).clear()
    })

    after(async () => {
      await clinic.dataSource.destroy()
      deleteDataSourceByName("default")
    })

    test("writes tokens and finds by the index in a transaction that commits", async () => {
      const patients = clinic.dataSource.getRepository(Patient)

      const found = await runInTransaction(async () => {
        await patients.save({ email: "Legible@example.org", diagnosis: "legible" })
        return patients.findOneByOrFail({ email: "LEGIBLE@example.org" })
      })

      assert.equal(found.diagnosis, "legible")
      assert.deepEqual(legible(clinic), [])
      const [row] = await clinic.dataSource.query<Record<string, string>[]>("SELECT * FROM patient")
      assert.match(row?.diagnosis ?? "", /^gAAAAA/)
    })

    test("undoes what an error ends", async () => {
      const patients = clinic.dataSource.getRepository(Patient)

      const failing = runInTransaction(async () => {
        await patients.insert({ email: "legible@example.org" })
        await patients.update({ email: "legible@example.org" }, { diagnosis: "legible" })
        throw new Error("on purpose")
      })

      await assert.rejects(failing, /on purpose/)
      assert.equal(await patients.count(), 0)
      assert.deepEqual(legible(clinic), [])
    })

    test("refuses in a transaction what it refuses outside of one", async () => {
      const { dataSource } = clinic

      const refused = runInTransaction(() =>
        dataSource.createQueryBuilder(Patient, "p").where({ diagnosis: "legible" }).getMany(),
      )

      await assert.rejects(refused, { code: "ERR_UNSUPPORTED_QUERY" })
      assert.deepEqual(legible(clinic), [])
    })

    test("keeps sought values out of what findOneByOrFail throws in a transaction", async () => {
      const patients = clinic.dataSource.getRepository(Patient)

      const missing = runInTransaction(() =>
        patients.findOneByOrFail({ email: "legible@example.org" }),
      )

      await assert.rejects(missing, (error: Error) => {
        assert.equal(error.name, "EntityNotFoundError")
        assert.doesNotMatch(`${error.message} ${JSON.stringify(error)}`, /legible/)
        return true
      })
    })
  })
}
