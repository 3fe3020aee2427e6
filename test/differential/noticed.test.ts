import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals"

import type { Operation } from "./cases/case"
import type { Condition } from "./cases/condition"
import { respelt } from "./cases/respelt"
import { variants } from "./model/variants"
import { checkCase } from "./run/check-case"
import { Pair } from "./run/pair"
import { worldOf } from "./stored/world"

const reading: Operation = {
  kind: "find",
  method: "find",
  entity: "Visit",
  through: "manager",
  where: null,
  select: null,
  relations: [],
  strategy: "join",
  order: [],
  skip: null,
  take: null,
  withDeleted: false,
  column: "id",
}
const writing: Operation = {
  kind: "criteriaWrite",
  verb: "update",
  entity: "Club",
  through: "repository",
  where: {
    kind: "object",
    properties: [{ path: "id", condition: { kind: "not", of: { kind: "isNull" } } }],
    relations: [],
  },
  steps: [],
  changes: [{ path: "town", to: { kind: "given", value: "x" } }],
}

const seeking = (condition: Condition): Operation => ({
  kind: "query",
  entity: "Person",
  joins: [],
  steps: [
    {
      method: "andWhere",
      where: {
        kind: "object",
        entity: "Person",
        where: { kind: "object", properties: [{ path: "handle", condition }], relations: [] },
      },
    },
  ],
  select: "all",
  distinct: false,
  order: [],
  page: "none",
  skip: 0,
  take: 1,
  withDeleted: false,
  terminal: "getMany",
  times: "once",
})

describe("checkCase", () => {
  let pair: Pair

  beforeAll(async () => {
    const [variant] = variants
    if (!variant) throw new Error("There is no variant.")
    pair = await Pair.open(variant, { type: "better-sqlite3", database: ":memory:" })
  })

  beforeEach(async () => {
    await pair.load(worldOf(pair.variant, 1))
  })

  afterAll(() => pair.close())

  const change = (sql: string) => pair.encrypted.dataSource.query(sql)
  const check = (operation: Operation) =>
    checkCase(pair, { operations: [operation], transaction: "none" })

  test.each<Condition>([
    { kind: "value", value: { kind: "given", value: "x" } },
    { kind: "in", values: [{ kind: "given", value: "x" }] },
    { kind: "not", of: { kind: "equal", value: { kind: "given", value: "x" } } },
    { kind: "not", of: { kind: "isNull" } },
  ])("asks %j by a string as well, which is answered", async (condition) => {
    const asked = seeking(condition)
    const other = respelt(asked)

    expect(JSON.stringify(other)).toContain('"kind":"text"')
    expect(await check(asked)).toMatchObject({ answered: 1 })
    expect(other && (await check(other))).toMatchObject({ answered: 1 })
  })

  test("counts what was answered where both models are alike", async () => {
    expect(await check(reading)).toEqual({ answered: 1, refused: 0, threw: 0 })
    expect(await check(writing)).toEqual({ answered: 1, refused: 0, threw: 0 })
  })

  test("notices a row with another value", async () => {
    await change("UPDATE one_key_visit SET size = size + 1")

    await expect(check(reading)).rejects.toThrow("The results differ")
  })

  test("notices tables that differ after a write whose results do not", async () => {
    await change("UPDATE one_key_visit SET size = size + 1 WHERE id = 1")

    await expect(check(writing)).rejects.toThrow("The table Visit differs")
  })

  test("notices an index value that is not its row's", async () => {
    await change("UPDATE one_key_visit SET ix_kind = 'ff'")

    await expect(check(writing)).rejects.toThrow("Visit.ix_kind does not hold what its row 1 is")
  })

  test("notices plaintext in a cell", async () => {
    await change("UPDATE one_key_visit SET note = 'legible'")

    await expect(check(writing)).rejects.toThrow("A cell is not encrypted")
  })
})
