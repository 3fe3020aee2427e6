import { beforeEach, expect, test } from "@jest/globals"
import type { DataSource } from "typeorm"

import {
  decryptColumns,
  encryptColumns,
  generateKey,
  inspectColumns,
  Keyring,
  rotateColumns,
} from "../../../src"
import { eachDatabase } from "../../support/databases"
import { keyring, keys } from "../../support/keys"
import { open } from "../stored"
import { createPatients, patientRows, patients } from "./patients"

const stranger = new Keyring([generateKey()])
const token = keyring.encrypt("078-05-1120")

eachDatabase("a bulk command", (db) => {
  let source: DataSource

  beforeEach(async () => {
    source = await db.connect()
  })

  test.each([
    ["NULL", null, "null"],
    ["an empty string", "", "plaintext"],
    ["spaces", "   ", "plaintext"],
    ["plaintext", "078-05-1120", "plaintext"],
    ["plaintext that begins as tokens do", "gAAAAAnd then some", "plaintext"],
    ["the head of a token alone", "gAAAAA", "plaintext"],
    ["a token in capitals", token.toUpperCase(), "plaintext"],
    ["a token", token, "current"],
    ["a token under an unknown key", stranger.encrypt("x"), "unreadable"],
    ["a truncated token", token.slice(0, -20), "unreadable"],
    ["a token with a space before it", ` ${token}`, "unreadable"],
    ["a token with a line break after it", `${token}\n`, "unreadable"],
    ["two tokens in one", token + token, "unreadable"],
  ])("finds %s", async (_what, cell, state) => {
    await createPatients(db, [[cell, keyring.encrypt("x")]])

    const report = await inspectColumns(source, patients, { keyring })

    expect(report.columns["patient.ssn"]?.after).toMatchObject({ [state]: 1 })
    expect(report.failed).toBe(state === "unreadable" ? 1 : 0)
  })

  test.each([
    ["encrypts", encryptColumns],
    ["rotates", rotateColumns],
    ["decrypts", decryptColumns],
  ])("%s nothing when no token opens under its keys", async (_what, run) => {
    const old = new Keyring([keys.second])
    const rows = [
      ["plain", old.encrypt("1")],
      [old.encrypt("2"), null],
    ] as const
    await createPatients(db, rows)

    await expect(run(source, patients, { keyring: stranger })).rejects.toMatchObject({
      code: "ERR_KEY_INVALID",
      message: expect.stringContaining(stranger.fingerprints.join()) as unknown,
    })

    expect(await patientRows(db)).toEqual(rows)
  })

  test("encrypts beside tokens that are not ours when it is forced to", async () => {
    const foreign = stranger.encrypt("x")
    await createPatients(db, [["plain", foreign]])

    await encryptColumns(source, patients, { keyring, force: true })

    const [[ssn, note] = []] = await patientRows(db)
    expect(open(ssn)).toBe("plain")
    expect(note).toBe(foreign)
  })
})
