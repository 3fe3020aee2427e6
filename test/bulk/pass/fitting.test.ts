import { describe, expect, test } from "@jest/globals"

import { type BulkColumn, nameTable } from "../../../src/bulk/bulk-target"
import { Fitting } from "../../../src/bulk/pass/fitting"
import type { Cell } from "../../../src/dialect/batch"
import { Keyring } from "../../../src/fernet/keyring"
import { memorySource } from "../../binding/memory-source"
import { keyring, keys } from "../../support/keys"
import { patientTable } from "../patient-table"
import { sessionOf } from "./patient-pass"

const stranger = new Keyring([keys.second])
const binary = keyring.encrypt(Buffer.from([0xff]))
const legacy = { is: (cell: string) => cell === "a form", decode: () => "10" }
const target = { table: "patient", columns: { ssn: { legacy }, note: {} } }
const [ssn, note] = nameTable(memorySource([]), target).columns as [BulkColumn, BulkColumn]

/** The problems of cells by their rows. */
function problemsOf(fitting: Fitting, cells: readonly Cell[], column = ssn): object {
  const { problems, newCells } = fitting.job.decide(cells, column, keyring, (row) => [row])
  expect(newCells).toEqual([])
  return Object.fromEntries(problems)
}

describe("a type that is judged here", () => {
  test("takes what fits, tokens and plaintext alike", () => {
    const cells = ["123", "1234", keyring.encrypt("123"), keyring.encrypt("1234"), null, binary]

    const problem = "patient.ssn does not fit into varchar(3)."
    expect(problemsOf(new Fitting({ ssn: "varchar(3)" }), cells)).toEqual({
      ...{ 1: problem, 3: problem, 5: problem },
    })
  })

  test("is nothing to a column that has none to go back to", () => {
    expect(problemsOf(new Fitting({ note: "varchar(1)" }), ["1234", binary])).toEqual({})
  })

  test("passes over what cannot be read", () => {
    const cells = [stranger.encrypt("1234"), "a form"]

    expect(problemsOf(new Fitting({ ssn: "varchar(3)" }), cells)).toEqual({})
  })
})

describe("a type that the database judges", () => {
  test("is asked about what was read, once, and not again after a problem", async () => {
    const session = await sessionOf(await patientTable([]))
    const asked: unknown[] = []
    const whyUnfit: typeof session.schema.whyUnfit = (by, { label, type }, texts) => {
      expect(by).toEqual({ connection: session.connection, inTransaction: false })
      asked.push([label, type, texts])
      return Promise.resolve(texts.includes("nobody") ? `${label}: no such one` : undefined)
    }
    const asking = { ...session, schema: { ...session.schema, whyUnfit } }
    const fitting = new Fitting({ ssn: "point", note: "mood" })

    problemsOf(fitting, ["(1,2)", keyring.encrypt("(3,4)"), null], ssn)
    problemsOf(fitting, ["(5,6)"], ssn)
    problemsOf(fitting, ["nobody"], note)
    await fitting.ask(asking, false)
    problemsOf(fitting, ["sad"], note)
    problemsOf(fitting, ["(7,8)"], ssn)
    await fitting.ask(asking, false)
    await fitting.ask(asking, false)

    expect(asked).toEqual([
      ["patient.ssn", "point", ["(1,2)", "(3,4)", "(5,6)"]],
      ["patient.note", "mood", ["nobody"]],
      ["patient.ssn", "point", ["(7,8)"]],
    ])
    expect(fitting.problems).toEqual(["patient.note: no such one"])
  })

  test("is not asked about a type that is known here", async () => {
    const session = await sessionOf(await patientTable([]))
    const asked: unknown[] = []
    const whyUnfit: typeof session.schema.whyUnfit = (...given) => {
      asked.push(given)
      return Promise.resolve(undefined)
    }
    const fitting = new Fitting({ ssn: "varchar(3)" })

    problemsOf(fitting, ["123", null])
    await fitting.ask({ ...session, schema: { ...session.schema, whyUnfit } }, false)

    expect(asked).toEqual([])
  })

  test("is asked again about what it was asked in vain, as after a lock or a lost connection", async () => {
    const session = await sessionOf(await patientTable([]))
    const asked: unknown[] = []
    const whyUnfit: typeof session.schema.whyUnfit = (_, { label }, texts) => {
      asked.push([label, texts])
      if (asked.length === 1) return Promise.reject(new Error("the connection is lost"))
      return Promise.resolve(`${label}: no such one`)
    }
    const asking = { ...session, schema: { ...session.schema, whyUnfit } }
    const fitting = new Fitting({ ssn: "point" })
    problemsOf(fitting, ["nobody"])

    const first = fitting.ask(asking, false)
    problemsOf(fitting, ["nowhere"])
    await expect(first).rejects.toThrow("lost")
    await fitting.ask(asking, false)

    expect(asked[1]).toEqual(["patient.ssn", ["nowhere", "nobody"]])
    expect(fitting.problems).toEqual(["patient.ssn: no such one"])
  })
})
