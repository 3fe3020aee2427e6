import { describe, expect, test } from "@jest/globals"

import { decryptColumns, encryptColumns, inspectColumns, Keyring } from "../../src"
import { opensNothing, renderChanges, renderStates } from "../../src/cli/render-report"
import { patientTable } from "../bulk/patient-table"
import { keyring, keys } from "../support/keys"

const fingerprints = keyring.fingerprints
const left = ({ plaintext }: { readonly plaintext: number }): number => plaintext

describe("a report in words", () => {
  test("says that rows were indexed where nothing else was done to them", async () => {
    const table = await patientTable([["10"], ["20"]])
    const encrypted = await encryptColumns(table.source, table.target, { keyring })
    table.run("UPDATE patient SET ssn_bidx = NULL WHERE id = 20")
    const dry = await encryptColumns(table.source, table.target, { keyring, dryRun: true })
    const indexed = await encryptColumns(table.source, table.target, { keyring })
    const again = await encryptColumns(table.source, table.target, { keyring })

    const lines = [encrypted, dry, indexed, again].map(
      (report) => renderChanges([report], fingerprints, "encrypted", left).split(" in ")[0],
    )
    expect(lines).toEqual([
      "patient: 2 rows encrypted",
      "patient: 1 rows would be indexed",
      "patient: 1 rows indexed",
      "patient: 0 rows encrypted",
    ])
  })

  test("asks first for the right key where no token opens", async () => {
    const table = await patientTable([["10"], [null]])
    await encryptColumns(table.source, table.target, { keyring })
    const stranger = new Keyring([keys.second])
    const wrong = await inspectColumns(table.source, table.target, { keyring: stranger })
    const right = await inspectColumns(table.source, table.target, { keyring })

    expect(renderStates([wrong], stranger.fingerprints)).toMatch(
      /^patient: nothing opens under these keys: is it the key of this environment\?\n/,
    )
    expect([opensNothing(wrong), opensNothing(right)]).toEqual([true, false])
    expect(renderStates([right], fingerprints)).not.toContain("nothing opens")
  })

  test("names a row by its primary key", async () => {
    const table = await patientTable([["gAAAAABob"], ["20"]])
    const report = await decryptColumns(table.source, table.target, { keyring, force: true })

    expect(renderChanges([report], fingerprints, "decrypted", left)).toContain(
      "\n  row 10: patient.ssn ",
    )
  })
})
