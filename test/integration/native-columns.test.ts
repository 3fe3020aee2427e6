import { beforeAll, expect, test } from "@jest/globals"
import { type DataSource, EntitySchema, type EntitySchemaColumnOptions } from "typeorm"

import {
  type BuiltInCodec,
  encryptColumns,
  encryptedColumn,
  type PlaintextPhase,
  withEncryption,
} from "../../src"
import { eachDatabase, type TestDatabase } from "../support/databases"
import { keyring } from "../support/keys"
import { rowsOf } from "./stored"

/** A column as the release before had it, and the codec that takes its place. */
interface Native {
  readonly column: EntitySchemaColumnOptions
  readonly codec: BuiltInCodec
  readonly values: readonly [unknown, unknown, unknown]
}

const at = (iso: string): Date => new Date(iso)
const instants = [
  at("2026-07-01T12:34:56.789Z"),
  at("1969-12-31T23:59:59.001Z"),
  at("2026-01-01T00:00:00Z"),
] as const
const counts = [42, -7, 0] as const
const documents = [{ a: [1, null, "ä"] }, { b: {} }, { c: true }] as const

const natives: Readonly<Record<TestDatabase["name"], Readonly<Record<string, Native>>>> = {
  PostgreSQL: {
    amount: { column: { type: "integer" }, codec: "number", values: counts },
    ratio: { column: { type: "double precision" }, codec: "number", values: [0.1, -1e-9, 1e21] },
    active: { column: { type: "boolean" }, codec: "boolean", values: [true, false, true] },
    seen: { column: { type: "timestamptz" }, codec: "date", values: instants },
    history: { column: { type: "jsonb" }, codec: "json", values: documents },
    number: {
      column: { type: "bigint" },
      codec: "string",
      values: ["9007199254740993", "-1", "0"],
    },
    price: {
      column: { type: "numeric", precision: 9, scale: 2 },
      codec: "string",
      values: ["12.50", "0.00", "-1.25"],
    },
  },
  MariaDB: {
    amount: { column: { type: "int" }, codec: "number", values: counts },
    ratio: { column: { type: "double" }, codec: "number", values: [0.1, -1e-9, 1e21] },
    history: { column: { type: "json" }, codec: "json", values: documents },
    number: {
      column: { type: "bigint" },
      codec: "string",
      values: ["9007199254740993", "-1", "0"],
    },
    price: {
      column: { type: "decimal", precision: 9, scale: 2 },
      codec: "string",
      values: ["12.50", "0.00", "-1.25"],
    },
  },
  SQLite: {
    amount: { column: { type: "integer" }, codec: "number", values: counts },
    ratio: { column: { type: "double" }, codec: "number", values: [0.1, -1e-9, 1e21] },
  },
}

type Row = Record<string, unknown>

eachDatabase("columns of other types than text, in a rolling deployment", (db) => {
  const columns = natives[db.name]
  const row = (id: 1 | 2 | 3): Row => ({
    id,
    ...Object.fromEntries(
      Object.entries(columns).map(([name, { values }]) => [name, values[id - 1]]),
    ),
  })
  const entity = (of: (native: Native) => EntitySchemaColumnOptions): EntitySchema<Row> =>
    new EntitySchema<Row>({
      name: "account",
      columns: {
        id: { type: "int", primary: true },
        ...Object.fromEntries(Object.entries(columns).map(([name, one]) => [name, of(one)])),
      },
    })
  const Before = entity(({ column }) => column)
  const After = entity(({ codec }) => encryptedColumn({ codec }))
  const deploy = (plaintext: PlaintextPhase): Promise<DataSource> =>
    db.connect({ entities: [After] }, (unbound) => withEncryption(unbound, { keyring, plaintext }))
  const read = (source: DataSource) =>
    source.getRepository<Row>("account").find({ order: { id: "ASC" } })

  let before: DataSource

  beforeAll(async () => {
    before = await db.connect({ entities: [Before], synchronize: true })
  })

  test("are read and written by each of two neighbours, from the native type to tokens", async () => {
    const keep = await deploy("keep")
    await before.getRepository(Before).insert(row(1))
    await keep.getRepository(After).insert(row(2))
    expect(await read(before)).toEqual([row(1), row(2)])
    expect(await read(keep)).toEqual([row(1), row(2)])

    await keep.synchronize()
    const index = await deploy("index")
    await index.getRepository(After).update({ id: 1 }, row(1))
    expect(await read(keep)).toEqual([row(1), row(2)])

    const allow = await deploy("allow")
    await allow.getRepository(After).insert(row(3))
    const all = [row(1), row(2), row(3)]
    expect([await read(index), await read(allow)]).toEqual([all, all])

    expect(await encryptColumns(allow, After)).toMatchObject({ completed: true, failed: 0 })
    expect(await read(await deploy("reject"))).toEqual(all)
    for (const stored of await rowsOf(db, "account")) {
      for (const name of Object.keys(columns)) expect(stored[name]).toMatch(/^gAAAAA/)
    }
  })
})
