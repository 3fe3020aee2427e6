import { closeSync, existsSync, openSync } from "node:fs"

import { afterEach, beforeEach, describe, expect, test } from "@jest/globals"

import { type Clinic, freshClinic } from "./clinic/fresh-clinic"
import { startCli } from "./run-cli"

const FULL = "/dev/full"
const args = ["column:encrypt", "-d", "test/cli/clinic/data-source.js", "--entity", "Patient"]

let clinic: Clinic

beforeEach(() => {
  clinic = freshClinic(500)
})

afterEach(() => {
  clinic.close()
})

const plaintexts = (): unknown[] =>
  clinic.pluck("SELECT id FROM patient WHERE ssn NOT LIKE 'gAAAAA%'")

describe("a command that nobody listens to", () => {
  test.each([[], ["--json"]])("does its work to the end: %j", async (...more) => {
    const { leave, ended } = await startCli([...args, "--batch", "10", ...more], clinic.environment)
    leave()

    expect((await ended).code).toBe(0)
    expect(plaintexts()).toHaveLength(0)
  })
})

const onFull = existsSync(FULL) ? describe : describe.skip

onFull("a command whose output cannot be written", () => {
  test.each([args, ["key:generate"]])("says so and exits with 1: %s", async (...command) => {
    const full = openSync(FULL, "w")
    const { ended } = await startCli(command, clinic.environment, full)
    const { code, stderr } = await ended
    closeSync(full)

    expect(code).toBe(1)
    expect(stderr).toContain("error: The result could not be written: ENOSPC.")
    expect(stderr).not.toContain(" at ")
  })
})
