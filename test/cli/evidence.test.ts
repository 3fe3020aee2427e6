import { afterEach, beforeEach, expect, test } from "@jest/globals"

import { Keyring } from "../../src"
import { keys } from "../support/keys"
import { type Clinic, freshClinic } from "./clinic/fresh-clinic"
import { marker, runCli } from "./run-cli"

const source = ["-d", "test/cli/clinic/data-source.js"]
const [key = ""] = new Keyring([keys.first]).fingerprints

let clinic: Clinic
beforeEach(async () => {
  clinic = freshClinic(3)
  await runCli(["column:encrypt", "--entity", "Visit", ...source], clinic.environment)
})
afterEach(() => {
  clinic.close()
})

const report = (format: string) =>
  runCli(["column:status", "--report", format, ...source], clinic.environment)

test("column:status puts on record, for machines, what every encrypted column holds", async () => {
  const { code, stdout } = await report("json")

  const { at, columns, ...evidence } = JSON.parse(stdout) as Record<string, unknown>
  expect(code).toBe(0)
  expect(Number.isNaN(Date.parse(String(at)))).toBe(false)
  expect(evidence).toEqual({ keys: [key], drift: [] })
  expect(columns).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        ...{ property: "Patient.ssn", table: "patient", column: "ssn", plaintext: "reject" },
        ...{ constrained: false, oldestToken: {} },
        cells: expect.objectContaining({ plaintext: 3, current: 0 }) as unknown,
      }),
      expect.objectContaining({
        property: "Visit.notes",
        cells: expect.objectContaining({ plaintext: 0, current: 1 }) as unknown,
        oldestToken: { [key]: expect.stringMatching(/^20\d\d-/) as unknown },
      }),
    ]),
  )
  expect(stdout).not.toContain(marker)
})

test("column:status puts it on record for people, with what it does not prove", async () => {
  const { stdout } = await report("markdown")

  const lines = stdout.split("\n")
  const visit = lines.find((line) => line.startsWith("| Visit.notes (visit.notes) |"))
  expect(visit?.split(" | ").slice(1, 9)).toEqual([
    "1",
    "0",
    "0",
    "0",
    "0",
    "no",
    "reject",
    "shared",
  ])
  expect(visit).toMatch(new RegExp(`\\| 20\\d\\d-\\d\\d-\\d\\d \\(${key}\\) \\|$`))
  expect(lines).toContain("## What this does not prove")
  expect(stdout).toContain("164.312(a)(2)(iv)")
  expect(stdout).not.toContain(marker)
})
