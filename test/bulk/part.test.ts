import { describe, expect, test } from "@jest/globals"

import { partOf, type Sample } from "../../src/bulk/part"
import type { BulkTable } from "../../src/dialect/dialect"
import type { Session } from "../../src/dialect/session"
import { sessionOf } from "./pass/patient-pass"
import { patientTable } from "./patient-table"

const all = {
  ...{ path: "patient", key: [], columns: [], tokens: [], plaintexts: [], filters: [] },
} as unknown as BulkTable
const some: BulkTable = { ...all, where: "id > 1 OR id < 0" }

/** A session of a table of so many rows, whose conditions say what they were asked. */
async function sessionOfRows(rows: number): Promise<{ session: Session; seeds: string[] }> {
  const session = await sessionOf(await patientTable([]))
  const seeds: string[] = []
  const dialect: Session["dialect"] = {
    ...session.dialect,
    count: (_, __, filter) => Promise.resolve({ rows: filter === "all" ? rows : 0, longest: 0 }),
    shardCondition: (_, index, count) => `shard ${index} of ${count}`,
    sampleCondition(_, fraction, seed) {
      seeds.push(seed)
      return `${fraction} of the rows`
    },
  }
  return { session: { ...session, dialect }, seeds }
}

describe("the part of a table that a run is about", () => {
  test("is all of it without a shard, and with one that is the only one", async () => {
    const { session } = await sessionOfRows(100)

    expect(await partOf(session, some, undefined, undefined)).toBe(some)
    expect(await partOf(session, some, { index: 0, count: 1 }, undefined)).toBe(some)
  })

  test("is a shard, beside what it is restricted to already", async () => {
    const { session } = await sessionOfRows(100)
    const shard = { index: 1, count: 3 }

    expect(await partOf(session, all, shard, undefined)).toEqual({
      ...all,
      where: "shard 1 of 3",
    })
    expect(await partOf(session, some, shard, undefined)).toMatchObject({
      where: "(id > 1 OR id < 0) AND shard 1 of 3",
    })
  })

  test("is refused as a shard by a database that has none", async () => {
    const session = await sessionOf(await patientTable([]))

    await expect(partOf(session, all, { index: 0, count: 2 }, undefined)).rejects.toMatchObject({
      code: "ERR_UNSUPPORTED_DATABASE",
      message: "This database cannot shard a table.",
    })
  })

  test.each<[Sample, rows: number, where: string | undefined]>([
    [{ fraction: 0.5 }, 1000, "0.5 of the rows"],
    [{ rows: 100 }, 1000, "0.1 of the rows"],
    [{ rows: 1 }, 1000, "0.02 of the rows"],
    [{ fraction: 0.001 }, 1000, "0.02 of the rows"],
    [{ rows: 1 }, 20, undefined],
    [{ rows: 1000 }, 1000, undefined],
    [{ fraction: 1 }, 1000, undefined],
    [{ fraction: 0.5 }, 0, undefined],
  ])("as the sample %j of %i rows is %s", async (sample, rows, where) => {
    const { session } = await sessionOfRows(rows)

    expect((await partOf(session, all, undefined, sample)).where).toBe(where)
  })

  test("is a sample of the shard, another one each time", async () => {
    const { session, seeds } = await sessionOfRows(1000)

    for (let i = 0; i < 2; i++) {
      const part = await partOf(session, some, { index: 1, count: 3 }, { rows: 100 })
      expect(part.where).toBe("((id > 1 OR id < 0) AND shard 1 of 3) AND 0.1 of the rows")
    }
    expect(new Set(seeds).size).toBe(2)
    for (const seed of seeds) expect(seed).toMatch(/^[0-9a-f]{64}$/)
  })
})
