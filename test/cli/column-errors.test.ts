import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"

import { keys } from "../support/keys"
import { type Clinic, freshClinic } from "./clinic/fresh-clinic"
import { runCli } from "./run-cli"

const source = ["-d", "test/cli/clinic/data-source.js"]

let clinic: Clinic

beforeAll(async () => {
  clinic = freshClinic(3)
  await runCli(["column:encrypt", "--entity", "Visit", ...source], clinic.environment)
})

afterAll(() => {
  clinic.close()
})

describe("a command on columns", () => {
  test.each<[what: string, args: readonly string[], message: string]>([
    ["no DataSource", [], "required option '-d, --dataSource <path>' not specified"],
    ["a file that is not there", ["-d", "nowhere.ts"], "There is no file nowhere.ts."],
    ["a file without a DataSource", ["-d", "test/cli/clinic/model.js"], "exports no DataSource"],
    ["two DataSources", ["-d", "test/cli/clinic/two-data-sources.js"], "exports 2 DataSources"],
    [
      "a misspelt option",
      [...source, "--bach", "9"],
      "unknown option '--bach'\n(Did you mean --batch?)",
    ],
    ["an argument too many", [...source, "Patient"], "too many arguments"],
    ["an unknown entity", [...source, "--entity", "Doctor"], "there are Patient, Visit."],
    ["an unknown column", [...source, "--column", "Patient.name"], "there are Patient.ssn, "],
    ["a batch of nothing", [...source, "--batch", "0"], "It must be a whole number, 1 or more."],
    ["a constraint on some rows", [...source, "--constrain", "--where", "1=1"], "a whole table"],
    ["a shard beyond the last", [...source, "--shard", "8/8"], "It must be i/n"],
  ])("exits with 2 on %s", async (_, args, message) => {
    const { code, stdout, stderr } = await runCli(["column:encrypt", ...args], clinic.environment)

    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toContain(message)
  })

  test("exits with 2 on a misspelt command, and names the nearest", async () => {
    const { code, stderr } = await runCli(["column:encypt", ...source], clinic.environment)

    expect(code).toBe(2)
    expect(stderr).toContain("unknown command 'column:encypt'\n(Did you mean column:encrypt?)")
  })

  test("exits with 1 and names the code if there is no key", async () => {
    const environment = { ...clinic.environment, ENCRYPTION_KEY: undefined }
    const { code, stderr } = await runCli(["column:status", ...source], environment)

    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: ERR_KEY_MISSING: .+$/m)
    expect(stderr).not.toMatch(/^ +at /m)
  })

  test("shows where an error comes from with --verbose", async () => {
    const environment = { ...clinic.environment, ENCRYPTION_KEY: undefined }
    const { stderr } = await runCli(["column:status", ...source, "--verbose"], environment)

    expect(stderr).toMatch(/^ +at /m)
  })

  test("exits with 1 under a wrong key, before it writes, and prints the tables before", async () => {
    const environment = { ...clinic.environment, ENCRYPTION_KEY: keys.second }
    const args = ["column:encrypt", ...source, "--json"]
    const { code, stdout, stderr } = await runCli(args, environment)

    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      completed: false,
      exitCode: 1,
      error: { code: "ERR_KEY_INVALID" },
      tables: [{ table: "patient" }],
    })
    expect(stderr).toContain('{"event":"error","message":"Nothing opens under these keys')
  })

  test("passes on what the database says about --where", async () => {
    const args = ["column:status", ...source, "--where", "nonsense = 1"]
    const { code, stderr } = await runCli(args, clinic.environment)

    expect(code).toBe(1)
    expect(stderr).toContain("no such column: nonsense")
  })
})
