import { expect, test } from "@jest/globals"

import { encryptColumns, indexColumns, Keyring, rotateColumns } from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring, keys } from "../../support/keys"
import { open } from "../stored"
import { createPatients, patients, patientSsns, placeholders } from "./patients"

const other = new Keyring([keys.second])

eachDatabase("a cell that something else encrypted", (db) => {
  const token = keyring.encrypt("ours")
  const forms = {
    "a prefix before a token": `encrypted:${token}`,
    "bytes as Python writes them": `b'${token}'`,
    "a token in quotes": `"${token}"`,
    "a home-grown mark": "enc:v1:c2VjcmV0",
    "Spring's mark": "{cipher}c2VjcmV0",
  }

  test.each(Object.entries(forms))(
    "is not encrypted once more without a word: %s",
    async (_form, cell) => {
      await createPatients(db, [
        [cell, null],
        ["a value", null],
      ])
      const source = await db.connect()

      const refused: unknown = await encryptColumns(source, patients, { keyring }).catch(
        (error: unknown) => error,
      )

      expect(refused).toMatchObject({
        code: "ERR_COLUMN_MISUSE",
        problems: [expect.stringMatching(/^patient\.ssn: 1 of 2 sampled cells look encrypted/)],
      })
      expect(String(refused)).not.toContain(cell.slice(10))
      expect(await patientSsns(db)).toEqual([cell, "a value"])
      await encryptColumns(source, patients, { keyring, wrapForeign: true })
      expect((await patientSsns(db)).map(open)).toEqual([cell, "a value"])
    },
  )
})

eachDatabase("a token that was stamped in milliseconds", (db) => {
  const indexed = { table: "patient", columns: { ssn: { blindIndex: {} } } } as const

  test("is a token to every command, and to the CHECK that keeps plaintext out", async () => {
    const stamped = keyring.encryptAtTime("value 1", Date.now())
    expect(stamped).not.toMatch(/^gAAAAA/)
    await createPatients(db, [
      [stamped, null],
      ["value 2", null],
    ])
    await db.rawRows("ALTER TABLE patient ADD ssn_bidx varchar(64)")
    const source = await db.connect()

    const constrain = db.name !== "SQLite"
    const encrypted = await encryptColumns(source, indexed, { keyring, constrain })
    const [first] = await patientSsns(db)
    expect(first).toBe(stamped)
    expect(encrypted).toMatchObject({
      columns: { "patient.ssn": { before: { plaintext: 1, current: 1 }, after: { current: 2 } } },
      constrained: constrain ? ["patient.ssn"] : [],
    })
    await db.rawRows("UPDATE patient SET ssn_bidx = NULL")
    expect(await indexColumns(source, indexed, { keyring })).toMatchObject({ changed: 2 })
    const late = other.encryptAtTime("value 3", Date.now())
    await db.rawRows(`INSERT INTO patient (id, ssn) VALUES (${placeholders(db, 2)})`, [3, late])

    const both = new Keyring([keys.first, keys.second])
    const rotated = await rotateColumns(source, indexed, { keyring: both })
    expect(rotated).toMatchObject({ failed: 0, changed: 1 })
    expect((await patientSsns(db)).map(open)).toEqual(["value 1", "value 2", "value 3"])
  })
})
