import { inspect } from "node:util"

import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import type { DataSource } from "typeorm"

import {
  decryptRaw,
  encryptedProperties,
  mask,
  redact,
  redactPaths,
  redactReplacer,
  withEncryption,
} from "../../src"
import { boundSource, memorySource } from "../binding/memory-source"
import { keyring } from "../support/keys"
import { Address, entities, HomeVisit, Odd, Patient, Person, Visit } from "./model"

let dataSource: DataSource
let patient: Patient

beforeAll(async () => {
  dataSource = await boundSource(entities)
  const visit = Object.assign(new HomeVisit(), {
    note$: { text: "legible" },
    street: "Elm",
    doorCode: new Date(5),
  })
  await dataSource.getRepository(Patient).save({
    ssn: "legible-1120",
    email: "legible@example.org",
    ward: "W1",
    address: { street: "legible", city: "Bonn" },
    visits: [visit],
  })
  patient = await dataSource
    .getRepository(Patient)
    .findOneOrFail({ where: { id: 1 }, relations: { visits: true } })
})

afterAll(() => dataSource.destroy())

const shown = {
  id: 1,
  ssn: "(encrypted)",
  email: "(encrypted)",
  ward: "W1",
  address: { street: "(encrypted)", city: "Bonn" },
  visits: [{ id: 1, note$: "(encrypted)", street: "Elm", doorCode: "(encrypted)" }],
}

/** What a replacer and a copy show of a value, which is the same. */
function shownOf(value: unknown, source = dataSource): unknown {
  const replaced = JSON.parse(JSON.stringify(value, redactReplacer(source))) as unknown
  expect(JSON.parse(JSON.stringify(redact(source, value)))).toEqual(replaced)
  return replaced
}

describe("encryptedProperties", () => {
  test("are those of every entity, embedded and inherited ones with the class that declares them", () => {
    const found = encryptedProperties(dataSource).map(({ entity, path, column, declaredBy }) => [
      `${entity}.${path.join(".")}`,
      column,
      declaredBy,
    ])

    expect(found).toEqual([
      ["Patient.ssn", "ssn", Person],
      ["Patient.email", "mail_address", Patient],
      ["Patient.address.street", "addressStreet", Address],
      ["Visit.note$", "note$", Visit],
      ["Visit.doorCode", "doorCode", HomeVisit],
      ["HomeVisit.note$", "note$", Visit],
      ["HomeVisit.doorCode", "doorCode", HomeVisit],
      ["Ward.alarm", "alarm", undefined],
    ])
  })

  test("are not known before initialize(), and known without keys", async () => {
    const source = memorySource(entities)
    expect(() => encryptedProperties(source)).toThrow(/Ask after initialize\(\)/)
    expect(() => redactPaths(source)).toThrow(/Ask after initialize\(\)/)

    await source.initialize()

    expect(encryptedProperties(source)).toEqual(encryptedProperties(dataSource))
    await source.destroy()
  })
})

describe("redactPaths", () => {
  test("names every encrypted property, spelt for pino, at every depth", () => {
    expect(redactPaths(dataSource, { depth: 1 })).toEqual([
      "ssn",
      "*.ssn",
      "email",
      "*.email",
      "address.street",
      "*.address.street",
      "note$",
      "*.note$",
      "doorCode",
      "*.doorCode",
      "alarm",
      "*.alarm",
    ])
  })

  test("reaches as deep as the relations of the model do", async () => {
    expect(redactPaths(dataSource)).toContain("*.*.*.*.*.ssn")
    expect(redactPaths(dataSource)).not.toContain("*.*.*.*.*.*.ssn")
    const alone = await boundSource([entities[3] as never])
    expect(redactPaths(alone)).toEqual(["alarm", "*.alarm", "*.*.alarm"])
    await alone.destroy()
  })

  test("puts names in brackets that are no identifiers", async () => {
    const source = await memorySource([Odd]).initialize()

    expect(redactPaths(source, { depth: 1 })).toEqual([
      '["x-note"]',
      '*["x-note"]',
      `['say "hi"']`,
      `*['say "hi"']`,
    ])
    await source.destroy()
  })

  test("refuses a depth that is none", () => {
    expect(() => redactPaths(dataSource, { depth: -1 })).toThrow(RangeError)
    expect(() => redactPaths(dataSource, { deep: 1 } as object)).toThrow(/unknown option deep/)
  })
})

describe("redactReplacer and redact", () => {
  test("hide the encrypted properties of entities, and those only", () => {
    expect(shownOf(patient)).toEqual(shown)
    expect(shownOf({ list: [patient] })).toEqual({ list: [shown] })
  })

  test("hide what is called like one in any other object", () => {
    expect(shownOf(Object.fromEntries(Object.entries(patient)))).toMatchObject({
      ssn: "(encrypted)",
      email: "(encrypted)",
    })
    expect(
      shownOf({ body: { ssn: "legible", street: "legible", mail_address: "legible" } }),
    ).toEqual({ body: { ssn: "(encrypted)", street: "(encrypted)", mail_address: "(encrypted)" } })
  })

  test("hide it under the alias of a raw row too, and tokens under any name", async () => {
    const raw = await dataSource.getRepository(Patient).createQueryBuilder("p").getRawMany<object>()

    const [row] = shownOf(decryptRaw(dataSource, Patient, raw)) as Record<string, unknown>[]
    expect(row).toMatchObject({ p_id: 1, p_ssn: "(encrypted)", p_mail_address: "(encrypted)" })
    expect(shownOf([keyring.encrypt("legible")])).toEqual(["(encrypted)"])
  })

  test("take a class that extends an entity for one", () => {
    class Loaded extends Patient {}
    const loaded = Object.assign(new Loaded(), {
      ward: "W1",
      ssn: "legible",
      mail_address: "legible",
    })

    expect(shownOf(loaded)).toEqual({
      ward: "W1",
      ssn: "(encrypted)",
      mail_address: "(encrypted)",
    })
  })

  test("leave null, undefined and what is absent", () => {
    expect(shownOf({ ssn: null, email: undefined })).toEqual({ ssn: null })
  })

  test("show in place of a value what a function makes of it", () => {
    const censor = (value: unknown) => mask(value)

    expect(JSON.stringify({ ssn: "078-05-1120" }, redactReplacer(dataSource, { censor }))).toBe(
      '{"ssn":"****1120"}',
    )
    expect(redact(dataSource, { ssn: "078-05-1120" }, { censor })).toEqual({ ssn: "****1120" })
    const dates: unknown[] = []
    const noting = { censor: (value: unknown) => dates.push(value) }
    JSON.stringify(patient.visits, redactReplacer(dataSource, noting))
    expect(dates).toContainEqual(new Date(5))
  })

  test("know what decorators and schemas declare before there is a model", () => {
    const source = withEncryption(memorySource(entities), { keyring })

    expect(shownOf({ ssn: "legible", alarm: "legible", ward: "W1" }, source)).toEqual({
      ssn: "(encrypted)",
      alarm: "(encrypted)",
      ward: "W1",
    })
  })

  test("refuse an option that they do not know", () => {
    expect(() => redactReplacer(dataSource, { sensor: "x" } as object)).toThrow(/unknown option/)
    expect(() => redact(dataSource, 1, { sensor: "x" } as object)).toThrow(/unknown option/)
  })
})

describe("redact", () => {
  test("copies, and leaves the value as it is", () => {
    const copy = redact(dataSource, patient)

    expect(copy).not.toBe(patient)
    expect(patient.ssn).toBe("legible-1120")
    expect(inspect(copy, { depth: 9 })).not.toContain("legible")
  })

  test("comes to an end with objects inside of themselves", () => {
    const visit = Object.assign(new Visit(), { patient })
    const circular = Object.assign(new Patient(), { ssn: "legible", visits: [visit] })
    visit.patient = circular

    const copy = redact(dataSource, circular) as Patient

    expect(copy.visits?.[0]?.patient).toBe(copy)
    expect(copy.ssn).toBe("(encrypted)")
  })

  test("keeps errors, dates, bytes and collections what they are", () => {
    const error = Object.assign(new TypeError("wrong", { cause: { ssn: "legible" } }), {
      patient: { ssn: "legible" },
    })
    const value = {
      error,
      at: new Date(0),
      bytes: Buffer.of(1),
      map: new Map([["ssn", "legible"]]),
    }

    const copy = redact(dataSource, {
      ...value,
      set: new Set([{ ssn: "legible" }]),
    }) as typeof value

    expect(copy.error).toBeInstanceOf(TypeError)
    expect(copy.error).toMatchObject({ message: "wrong", patient: { ssn: "(encrypted)" } })
    expect(copy.error.stack).toBe(error.stack)
    expect([copy.at, copy.bytes]).toEqual([value.at, value.bytes])
    expect(copy.map).toEqual(new Map([["ssn", "(encrypted)"]]))
    expect(inspect(copy, { depth: 9 })).not.toContain("legible")
  })

  test("shows what an object tells of itself, and reads no getter", () => {
    const value = {
      told: { toJSON: () => ({ ssn: "legible", ward: "W1" }) },
      get loaded(): never {
        throw new Error("loaded")
      },
    }

    expect(redact(dataSource, value)).toEqual({ told: { ssn: "(encrypted)", ward: "W1" } })
  })
})
