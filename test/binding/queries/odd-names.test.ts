import { describe, expect, test } from "@jest/globals"
import { type DataSource, EntitySchema, type Repository } from "typeorm"

import { encryptedColumn, withEncryption } from "../../../src"
import { oddNamesAmong, tokenize } from "../../../src/binding/queries/sql-tokens"
import { keyring } from "../../support/keys"
import { memorySource, rejection } from "../memory-source"
import { RecordingLogger } from "../recording-logger"

interface Patient {
  readonly id: number
  [property: string]: unknown
}

async function open(
  name: string,
  logger: RecordingLogger,
): Promise<{ readonly source: DataSource; readonly patients: Repository<Patient> }> {
  // Not a class, which TypeORM's declarations take it for
  const Patients = new EntitySchema<Patient>({
    name: "patient",
    columns: { id: { type: "int", primary: true }, [name]: encryptedColumn({ blindIndex: true }) },
  } as never)
  const source = withEncryption(memorySource([Patients], { logger, logging: "all" }), { keyring })
  await source.initialize()
  const patients = source.getRepository(Patients)
  await patients.insert([
    { id: 1, [name]: "MARKER ada" },
    { id: 2, [name]: "MARKER bob" },
  ])
  logger.entries.length = 0
  return { source, patients }
}

const names = ["first-name", "1st", "$name", "a'b", "a`b", "first.name"]

describe.each(names)("a property called %s", (name) => {
  const sought = { v: "MARKER bob" }

  test.each<readonly [string, (patients: Repository<Patient>) => Promise<unknown>]>([
    ["an object", (patients) => patients.findBy({ [name]: sought.v })],
    [
      "a string",
      (patients) => patients.createQueryBuilder("p").where(`p.${name} = :v`, sought).getMany(),
    ],
    [
      "a string with the parameter first",
      (patients) => patients.createQueryBuilder("p").where(`(:v = p.${name})`, sought).getMany(),
    ],
  ])("is answered by its index in %s", async (_way, find) => {
    const logger = new RecordingLogger()
    const { source, patients } = await open(name, logger)

    const found = await find(patients)

    expect(found).toEqual([{ id: 2, [name]: "MARKER bob" }])
    expect(JSON.stringify(logger.entries)).not.toContain("MARKER")
    await source.destroy()
  })
})

describe.each(names)("statements about a property called %s", (name) => {
  test("choose rows by a name alone, in an UPDATE or a DELETE", async () => {
    const logger = new RecordingLogger()
    const { source, patients } = await open(name, logger)

    const builder = patients.createQueryBuilder().delete().where(`${name} = :v`)
    await builder.setParameters({ v: "MARKER bob" }).execute()

    expect(await patients.find()).toEqual([{ id: 1, [name]: "MARKER ada" }])
    expect(JSON.stringify(logger.entries)).not.toContain("MARKER")
    await source.destroy()
  })

  test.each<readonly [string, (patients: Repository<Patient>) => Promise<unknown>]>([
    [
      "compare it otherwise",
      (patients) =>
        patients.createQueryBuilder("p").where(`p.${name} > :v`, { v: "MARKER" }).getMany(),
    ],
    ["order by it", (patients) => patients.createQueryBuilder("p").orderBy(`p.${name}`).getMany()],
    ["order by it in options", (patients) => patients.find({ order: { [name]: "ASC" } })],
  ])("are refused that %s", async (_what, ask) => {
    const logger = new RecordingLogger()
    const { source, patients } = await open(name, logger)

    const error = await rejection(Promise.resolve().then(() => ask(patients)))

    expect(error).toMatchObject({ code: "ERR_UNSUPPORTED_QUERY" })
    expect(logger.statements).toEqual([])
    await source.destroy()
  })
})

test("names of a model that are no words of SQL are one token, by themselves and behind an alias", () => {
  const odd = oddNamesAmong(["email", "first-name", "first-name-given", "a'b", "1st"])
  const sql = `u.first-name-given = 'first-name' OR (first-name=:v) AND u.a'b<>1 AND u.1st = u.1stly`

  const read = tokenize(sql, "sqlite", odd).filter(({ kind }) => kind === "name")

  expect(read.map(({ text }) => text)).toEqual(["first-name-given", "first-name", "a'b", "1st"])
})

test("a model of ordinary names has none to look for", () => {
  expect(oddNamesAmong(["email", "$email", "naïve", "prénom", ""])).toBeUndefined()
})
