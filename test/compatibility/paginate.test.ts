import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import { FilterOperator, paginate, type PaginateConfig, type PaginateQuery } from "nestjs-paginate"

import { type Clinic, legible, openClinic, Patient } from "./clinic"

const config: PaginateConfig<Patient> = {
  sortableColumns: ["id", "ward", "email"],
  searchableColumns: ["ward"],
  filterableColumns: {
    ward: true,
    email: true,
    diagnosis: [FilterOperator.EQ, FilterOperator.NULL],
  },
  defaultSortBy: [["id", "ASC"]],
}

describe("nestjs-paginate", () => {
  let clinic: Clinic

  before(async () => {
    clinic = await openClinic()
    const patients = clinic.dataSource.getRepository(Patient)
    await patients.save([
      { ward: "a", email: "legible-1@example.org", diagnosis: "legible" },
      { ward: "b", email: "legible-2@example.org" },
      { ward: "b", email: "Legible-3@example.org", diagnosis: "legible" },
    ])
  })

  after(() => clinic.dataSource.destroy())

  const page = async (
    query: Partial<PaginateQuery>,
    more: Partial<PaginateConfig<Patient>> = {},
  ) => {
    const repository = clinic.dataSource.getRepository(Patient)
    const { data } = await paginate({ path: "", ...query }, repository, { ...config, ...more })
    return data.map(({ email }) => email)
  }

  test("cuts pages of decrypted entities", async () => {
    assert.deepEqual(await page({ limit: 2, page: 2 }), ["Legible-3@example.org"])
  })

  test("shows the columns of the entity and none of the package's", async () => {
    const repository = clinic.dataSource.getRepository(Patient)

    const { data } = await paginate({ path: "" }, repository, config)

    assert.deepEqual(Object.keys(data[0] ?? {}), ["id", "ward", "email", "diagnosis"])
  })

  test("filters, searches and sorts by plain columns", async () => {
    const sortBy: [string, string][] = [["id", "DESC"]]

    assert.deepEqual(await page({ filter: { ward: "$eq:b" }, sortBy }), [
      "Legible-3@example.org",
      "legible-2@example.org",
    ])
    assert.deepEqual(await page({ search: "a" }), ["legible-1@example.org"])
  })

  test("filters by whether an encrypted column holds a value", async () => {
    assert.deepEqual(await page({ filter: { diagnosis: "$null" } }), ["legible-2@example.org"])
  })

  test("filters by a blind index", async () => {
    const found = await page({ filter: { email: "$eq:LEGIBLE-3@example.org" } })

    assert.deepEqual(found, ["Legible-3@example.org"])
    assert.deepEqual(legible(clinic), [])
  })

  test("refuses to filter by an encrypted column without an index", async () => {
    assert.equal(await answerOrRefusal(page({ filter: { diagnosis: "$eq:legible" } })), "refused")
    assert.deepEqual(legible(clinic), [])
  })

  test("refuses patterns on an encrypted column", async () => {
    const searchable = { searchableColumns: ["email"] as "email"[] }

    assert.equal(await answerOrRefusal(page({ search: "legible" }, searchable)), "refused")
    assert.equal(await answerOrRefusal(page({ filter: { email: "$ilike:legible" } })), "refused")
    assert.deepEqual(legible(clinic), [])
  })

  test("refuses to sort by an encrypted column", async () => {
    assert.equal(await answerOrRefusal(page({ sortBy: [["email", "ASC"]] })), "refused")
  })
})

/** What a page holds, or that it was refused by the code of a query that cannot be answered. */
async function answerOrRefusal<Page>(page: Promise<Page>): Promise<Page | "refused"> {
  try {
    return await page
  } catch (error) {
    if ((error as { code?: string }).code !== "ERR_UNSUPPORTED_QUERY") throw error
    return "refused"
  }
}
