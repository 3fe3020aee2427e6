import { afterEach, beforeEach, describe, expect, test } from "@jest/globals"

import { Keyring } from "../../src"
import { keyring, keys } from "../support/keys"
import { type Clinic, freshClinic } from "./clinic/fresh-clinic"
import { marker, type Outcome, runCli } from "./run-cli"

const source = ["-d", "test/cli/clinic/data-source.js"]
const fingerprint = keyring.fingerprints[0] ?? ""

let clinic: Clinic

beforeEach(() => {
  clinic = freshClinic(3)
})

afterEach(() => {
  clinic.close()
})

function run(command: string, ...args: readonly string[]): Promise<Outcome> {
  return runCli([`column:${command}`, ...source, ...args], clinic.environment)
}

function tokens(sql: string): boolean[] {
  return clinic.pluck(sql).map((cell) => String(cell).startsWith("gAAAAA"))
}

function setSsn(id: number, cell: string): void {
  clinic.run("UPDATE patient SET ssn = ? WHERE id = ?", cell, id)
}

describe("column:status", () => {
  test("counts the cells of every column by state", async () => {
    setSsn(1, keyring.encrypt(marker))
    setSsn(2, new Keyring([keys.second]).encrypt(marker))

    const { code, stdout } = await run("status")

    expect(code).toBe(0)
    expect(stdout).toBe(
      [
        `column          null  plaintext  current ${fingerprint}  unreadable  constraint`,
        "Patient.ssn        0          1                 1           1          no",
        "Patient.weight     3          0                 0           0          no",
        "Visit.notes        0          1                 0           0          no",
        "patient: 1 cells have a problem",
        "  row 2: Patient.ssn holds a token that was damaged, or is under a key that is not in the keyring.",
        "",
      ].join("\n"),
    )
  })

  test("asks for the right key first, and exits with 1, where no token opens", async () => {
    await run("encrypt")

    const { code, stdout } = await runCli(["column:status", ...source], {
      ...clinic.environment,
      ENCRYPTION_KEY: keys.second,
    })

    expect(code).toBe(1)
    expect(stdout).toMatch(/^patient: nothing opens under these keys: is it the key of this/)
  })

  test("exits with 1 if the database has of a column what the model has not, as does verify", async () => {
    clinic.run("CREATE INDEX ssns ON patient (ssn)")
    const found = [await run("encrypt"), await run("status"), await run("verify")]

    expect(found.map(({ code }) => code)).toEqual([1, 1, 1])
    for (const { stdout } of found) {
      expect(stdout).toContain(
        'Patient.ssn is in the index ssns, which finds no token. Run DROP INDEX "ssns".\n',
      )
    }
  })

  test("with --check exits with 1 until every cell is a token under the first key", async () => {
    const before = await run("status", "--check")
    await run("encrypt")
    const after = await run("status", "--check")

    expect([before.code, after.code]).toEqual([1, 0])
  })

  test("leaves the schema alone, whatever the DataSource says", async () => {
    await run("status")

    expect(clinic.pluck("SELECT count(*) FROM patient")).toEqual([3])
  })

  test.each(["data-source.ts", "data-source.mjs", "unbound-data-source.ts"])(
    "loads %s",
    async (file) => {
      const args = ["column:status", "-d", `test/cli/clinic/${file}`]
      const { code, stdout } = await runCli(args, clinic.environment)

      expect(code).toBe(0)
      expect(stdout).toContain("Patient.ssn")
    },
  )
})

describe("columns with keys of their own", () => {
  const withOwn = (mode: string, command: string): Promise<Outcome> =>
    runCli([`column:${command}`, ...source], { ...clinic.environment, COLUMN_KEYS: mode })

  test("are moved to by column:rotate, and column:status exits with 1 until they are", async () => {
    await run("encrypt")

    const before = await withOwn("moving", "status")
    const rotated = await withOwn("moving", "rotate")
    const after = await withOwn("only", "status")

    expect([before.code, rotated.code, after.code]).toEqual([1, 0, 0])
    expect(before.stdout).toMatch(/current [0-9a-f]{8} +shared keys +unreadable/)
    expect(before.stdout).toMatch(/Patient\.ssn +0 +0 +0 +3 +0 +no/)
    expect(after.stdout).not.toContain("shared keys")
    expect(after.stdout).toMatch(/Patient\.ssn +0 +0 +3 +0 +no/)
  })

  test("are not moved to by column:rotate when no others are taken", async () => {
    await run("encrypt")

    const { code, stdout } = await withOwn("only", "rotate")

    expect(code).toBe(1)
    expect(stdout).toContain(
      "row 1: Patient.ssn holds a token under the keys that all columns share",
    )
  })
})

describe("column:encrypt", () => {
  test("encrypts every table and says how many rows", async () => {
    const { code, stdout, stderr } = await run("encrypt")

    expect(code).toBe(0)
    expect(stdout).toMatch(/^patient: 3 rows encrypted in [\d.]+ s\nvisit: 1 rows encrypted in /)
    expect(stderr).toContain("encrypting patient: 3 of 3 rows")
    expect(tokens("SELECT ssn FROM patient UNION ALL SELECT notes FROM visit")).toEqual(
      Array(4).fill(true),
    )
  })

  test("encrypts only the columns and rows that are named", async () => {
    await run("encrypt", "--column", "Patient.ssn", "--where", "t.id > 1")

    expect(tokens("SELECT ssn FROM patient ORDER BY id")).toEqual([false, true, true])
    expect(tokens("SELECT notes FROM visit")).toEqual([false])
  })

  test("encrypts only the entities that are named", async () => {
    await run("encrypt", "--entity", "Visit")

    expect(tokens("SELECT ssn FROM patient")).toEqual([false, false, false])
    expect(tokens("SELECT notes FROM visit")).toEqual([true])
  })

  test("with --dryrun writes nothing and counts what it would do", async () => {
    const { code, stdout } = await run("encrypt", "--dryrun")

    expect(code).toBe(0)
    expect(stdout).toContain("patient: 3 rows would be encrypted")
    expect(tokens("SELECT ssn FROM patient")).toEqual([false, false, false])
  })

  test("with --check writes nothing, and exits with 1 while there is something to do", async () => {
    const before = await run("encrypt", "--check")
    expect(tokens("SELECT ssn FROM patient")).toEqual([false, false, false])
    await run("encrypt")
    const after = await run("encrypt", "--check")

    expect([before.code, after.code]).toEqual([1, 0])
  })

  test("exits with 1 and lists the keys of cells it cannot deal with", async () => {
    clinic.run("UPDATE patient SET weight = ? WHERE id = 2", marker)

    const { code, stdout } = await run("encrypt")

    expect(code).toBe(1)
    expect(stdout).toContain("row 2: Patient.weight is left in plaintext")
    expect(tokens("SELECT ssn FROM patient")).toEqual([true, true, true])
  })

  test("with --json prints one object, and events as lines on stderr", async () => {
    const { code, stdout, stderr } = await run("encrypt", "--json")

    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      command: "column:encrypt",
      keys: [fingerprint],
      completed: true,
      exitCode: 0,
      tables: [
        {
          table: "patient",
          changed: 3,
          columns: { "Patient.ssn": { before: { plaintext: 3 }, after: { current: 3 } } },
        },
        { table: "visit", changed: 1 },
      ],
    })
    const [greeting, ...events] = stderr.trimEnd().split("\n")
    expect(greeting).toBe("loading the clinic")
    expect(events.map((line): unknown => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ event: "progress", table: "patient", done: 3, total: 3 }),
    )
  })
})

describe("column:rotate", () => {
  test("moves tokens to the first key", async () => {
    await run("encrypt")
    clinic.environment.ENCRYPTION_KEY = `${keys.second},${keys.first}`
    const stale = await run("status", "--check")

    const { code, stdout } = await run("rotate")

    expect(stale.code).toBe(1)
    expect(stale.stdout).toContain(`stale ${fingerprint}`)
    expect(code).toBe(0)
    expect(stdout).toContain("patient: 3 rows rotated")
    clinic.environment.ENCRYPTION_KEY = keys.second
    expect((await run("verify")).code).toBe(0)
  })
})

describe("column:decrypt", () => {
  test("without a terminal demands --yes, and restores the plaintext", async () => {
    await run("encrypt")

    const refused = await run("decrypt")
    const allowed = await run("decrypt", "--yes")

    expect(refused).toMatchObject({ code: 2, stdout: "" })
    expect(refused.stderr).toContain("error: column:decrypt asks before it begins")
    expect(allowed.code).toBe(0)
    expect(clinic.pluck("SELECT ssn FROM patient WHERE id = 2")).toEqual([`${marker} 2`])
  })
})

describe("column:decrypt --restore-type", () => {
  test.each([
    ["without a type", ["Patient.ssn"], "It must be Entity.property=type"],
    [
      "for another column",
      ["Patient.name=text"],
      "there is no Patient.name; there are Patient.ssn",
    ],
    ["for some rows", ["Patient.ssn=text", "--where", "1=1"], "for a whole table"],
  ])("is refused %s", async (_, given, message) => {
    const { code, stderr } = await run("decrypt", "--yes", "--restore-type", ...given)

    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})

describe("column:verify", () => {
  test("exits with 0 if every cell is NULL or a token that opens", async () => {
    await run("encrypt")

    expect((await run("verify")).code).toBe(0)
  })

  test("lists the primary keys of plaintext, undecodable and unreadable cells", async () => {
    await run("encrypt", "--entity", "Patient")
    clinic.run("UPDATE patient SET weight = ? WHERE id = 1", keyring.encrypt(marker))
    setSsn(2, new Keyring([keys.second]).encrypt(marker))

    const { code, stdout } = await run("verify")

    expect(code).toBe(1)
    expect(stdout).toContain("row 1: Patient.weight opens, but its codec expected a number")
    expect(stdout).toContain("row 2: Patient.ssn holds a token that was damaged")
    expect(stdout).toContain("row (A, 1): Visit.notes holds plaintext.")
  })

  test("exits with 1 and says so if no row passes --where", async () => {
    await run("encrypt", "--entity", "Patient")

    const some = await run("verify", "--entity", "Patient", "--where", "t.id = 1")
    const none = await run("verify", "--entity", "Patient", "--where", "t.id = -1")

    expect([some.code, none.code]).toEqual([0, 1])
    expect(none.stderr).toContain("No row of patient passes --where: nothing was looked at.")
  })

  test("with --sample looks at some of the rows", async () => {
    clinic.run("DELETE FROM patient")
    clinic.run(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
       INSERT INTO patient SELECT i, '', '${keyring.encrypt(marker)}', NULL FROM n`,
    )
    const seen = async (sample: string): Promise<unknown> => {
      const { stdout } = await run("verify", "--entity", "Patient", "--sample", sample, "--json")
      // Checked by the assertions below
      const result = JSON.parse(stdout) as {
        tables: [{ columns: Record<string, { after: { current: number } }> }]
      }
      return result.tables[0].columns["Patient.ssn"]?.after.current
    }

    const [percent, rows, all] = [await seen("10%"), await seen("100"), await seen("9999")]

    expect(percent).toBeGreaterThan(300)
    expect(percent).toBeLessThan(700)
    expect(rows).toBeGreaterThan(40)
    expect(rows).toBeLessThan(200)
    expect(all).toBe(5000)
  })
})
