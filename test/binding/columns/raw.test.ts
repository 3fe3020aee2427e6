import { describe, expect, test } from "@jest/globals"

import { decryptRaw, encryptedColumn } from "../../../src"
import { keyring } from "../../support/keys"
import { boundSource } from "../memory-source"
import { schema } from "../schema"

describe("decryptRaw", () => {
  test("does not take a value that is null for a column that is not encrypted", async () => {
    const Patient = schema("patient", { history: encryptedColumn({ codec: "json" }) })
    const dataSource = await boundSource([Patient])

    const row = decryptRaw(dataSource, Patient, { id: 1, history: keyring.encrypt("null") })

    expect(row).toEqual({ id: 1, history: null })
  })

  test("finds a column by a name with spaces and capitals", async () => {
    const Patient = schema("patient", { ssn: encryptedColumn({ name: "Social Security" }) })
    const dataSource = await boundSource([Patient])

    const row = decryptRaw(dataSource, Patient, { "p_Social Security": keyring.encrypt("1") })

    expect(row).toEqual({ "p_Social Security": "1" })
  })

  test("looks through the other entities once, however many rows there are", async () => {
    const [Patient, Visit] = [
      schema("patient", { ssn: encryptedColumn() }),
      schema("visit", { note: encryptedColumn() }),
    ]
    const dataSource = await boundSource([Patient, Visit])
    const { columns } = dataSource.getMetadata(Visit)
    let looks = 0
    Object.defineProperty(dataSource.getMetadata(Visit), "columns", {
      get: () => (looks++, columns),
    })
    const row = { ssn: keyring.encrypt("1"), v_note: keyring.encrypt("2"), v_id: 1 }

    const rows = decryptRaw(dataSource, Patient, Array<typeof row>(100).fill(row))

    expect(rows[99]).toEqual({ ...row, ssn: "1" })
    expect(looks).toBe(1)
  })

  test("takes rows of an interface", async () => {
    interface Row {
      ssn: string
    }
    const Patient = schema("patient", { ssn: encryptedColumn() })
    const rows: readonly Row[] = [{ ssn: keyring.encrypt("1") }]

    expect(decryptRaw(await boundSource([Patient]), Patient, rows)).toEqual([{ ssn: "1" }])
  })

  test.each([
    ["two keys that may be one column", { p_ssn: "1", q_ssn: "2" }, 'both "p_ssn" and "q_ssn"'],
    ["a token under a shortened alias", { e320ac94: "1" }, '"e320ac94" holds a token'],
  ])("asks for a mapping of %s", async (_title, plain, problem) => {
    const Patient = schema("patient", { ssn: encryptedColumn() })
    const dataSource = await boundSource([Patient])
    const row = Object.fromEntries(Object.entries(plain).map(([k, v]) => [k, keyring.encrypt(v)]))

    expect(() => decryptRaw(dataSource, Patient, row)).toThrow(problem)
    const mapping = Object.fromEntries(Object.keys(plain).map((key) => [key, "ssn"]))
    expect(decryptRaw(dataSource, Patient, row, mapping)).toEqual(plain)
  })

  test("asks for a mapping of plaintext that may be another table's", async () => {
    const Patient = schema("patient", { ssn: encryptedColumn() })
    const dataSource = await boundSource([Patient])

    const decrypting = () => decryptRaw(dataSource, Patient, { c_ssn: "078-05-1120" })

    expect(decrypting).toThrow(/^In a raw row "c_ssn" seems to be patient\.ssn, .* mapping/)
  })

  test("names the reason for plaintext in a column of its name", async () => {
    const Patient = schema("patient", { ssn: encryptedColumn() })
    const dataSource = await boundSource([Patient])

    expect(() => decryptRaw(dataSource, Patient, { ssn: "078-05-1120" })).toThrow("not encrypted")
  })
})
