import { describe, expect, test } from "@jest/globals"

import { decryptColumns, encryptColumns, inspectColumns, Keyring } from "../../src"
import { verifyColumns } from "../../src/bulk/bulk"
import { encrypting } from "../../src/bulk/pass/cells"
import { type BulkJob, runBulk } from "../../src/bulk/run"
import { keyring, keys } from "../support/keys"
import { type PatientTable, patientTable } from "./patient-table"

describe("a run in a migration", () => {
  test("that was aborted is not recorded as done", async () => {
    const table = await patientTable([["10"], ["20"]])
    const runner = table.source.createQueryRunner()
    const options = { keyring, signal: AbortSignal.abort() }

    const running = encryptColumns(runner, table.target, options)

    await expect(running).rejects.toMatchObject({
      code: "ERR_BULK_INCOMPLETE",
      message: expect.stringContaining("was stopped before its end") as unknown,
    })
  })

  test("that left a cell behind names it", async () => {
    const table = await patientTable([["10"], [keyring.encrypt(Buffer.from([0xff]))]])
    const runner = table.source.createQueryRunner()

    const running = decryptColumns(runner, table.target, { keyring })

    await expect(running).rejects.toMatchObject({
      code: "ERR_BULK_INCOMPLETE",
      message: expect.stringMatching(/1 cells of patient .* 20: patient\.ssn is left/) as unknown,
    })
  })

  test("that did all there was to do is done", async () => {
    const table = await patientTable([["10"]])
    const runner = table.source.createQueryRunner()

    const report = await encryptColumns(runner, table.target, { keyring })

    expect(report).toMatchObject({ completed: true, changed: 1 })
  })

  test("that only looks may find what it likes", async () => {
    const table = await patientTable([["10"]])
    const runner = table.source.createQueryRunner()

    const report = await verifyColumns(runner, table.target, { keyring })

    expect(report).toMatchObject({ completed: true, failed: 2 })
  })

  test("fails with its transaction at a value that a unique index holds already", async () => {
    const table = await patientTable([["10"], ["10"]], { unique: true })
    const runner = table.source.createQueryRunner()
    await runner.startTransaction()

    const running = encryptColumns(runner, table.target, { keyring })

    await expect(running).rejects.toMatchObject({ code: "ERR_BULK_INCOMPLETE" })
    await runner.rollbackTransaction()
    expect(table.cells("ssn")).toEqual({ 10: "10", 20: "10" })
  })
})

describe("a run that is aborted", () => {
  test("ends after the batch at hand, and says so", async () => {
    const table = await patientTable([["10"], ["20"], ["30"]])
    const controller = new AbortController()
    const options = { keyring, batchSize: 1, signal: controller.signal }

    const report = await encryptColumns(table.source, table.target, {
      ...options,
      onProgress: () => {
        controller.abort()
      },
    })

    expect(report).toMatchObject({ completed: false, changed: 1 })
    expect(table.opened("ssn")).toEqual({ 10: "opened 10", 20: "20", 30: "30" })
  })

  test("does not rest", async () => {
    const table = await patientTable([["10"], ["20"]])
    const controller = new AbortController()
    const running = encryptColumns(table.source, table.target, {
      ...{ keyring, batchSize: 1, pauseMs: 2 ** 30, signal: controller.signal },
      onProgress: () => {
        queueMicrotask(() => {
          controller.abort()
        })
      },
    })

    await expect(running).resolves.toMatchObject({ completed: false })
  })
})

describe("a run that only looks", () => {
  test("does so, or is refused", async () => {
    const table = await patientTable([["10"]])

    const running = inspectColumns(table.source, table.target, { keyring, audit: false })

    await expect(running).rejects.toThrow("leave `audit` out")
  })

  test("decrypts nothing where the database gives no type back", async () => {
    const table = await patientTable([[keyring.encrypt("a plaintext")]])
    const restoreTypes = { ssn: "varchar(3)" }

    const running = decryptColumns(table.source, table.unindexed, {
      ...{ keyring, restoreTypes, audit: false },
    })

    await expect(running).rejects.toThrow(
      '"patient".ssn cannot be given the type varchar(3) again.',
    )
    expect(table.opened("ssn")[10]).toMatch(/^opened/)
  })
})

describe("the definition of a table", () => {
  /** An encrypting job that notes when it changes the definition, and how many rows were done then. */
  function definingJob(table: PatientTable): { job: BulkJob; changes: [string, boolean][] } {
    const changes: [string, boolean][] = []
    const changing = (when: string) => (): Promise<readonly string[]> => {
      changes.push([when, table.cells("ssn")[10] !== "10"])
      return Promise.resolve([`ALTER ${when}`])
    }
    const job: BulkJob = {
      filter: "has-plaintext",
      cells: encrypting({ wrapForeign: false, asPlaintext: new Set() }),
      demand: "written",
      types: { grows: true, alter: false },
      before: changing("before"),
      after: changing("after"),
    }
    return { job, changes }
  }

  test("is changed before the first cell and after the last", async () => {
    const table = await patientTable([["10"]])
    const { job, changes } = definingJob(table)

    const report = await runBulk(table.source, table.target, { keyring }, job)

    expect(changes).toEqual([
      ["before", false],
      ["after", true],
    ])
    expect(report.statements).toEqual(["ALTER before", "ALTER after"])
  })

  test("is not changed afterwards if cells were left behind", async () => {
    const table = await patientTable([["10"], [new Keyring([keys.second]).encrypt("20")]])
    const { job, changes } = definingJob(table)

    const options = { keyring, force: true }
    const report = await runBulk(table.source, table.target, options, job)

    expect(report).toMatchObject({ completed: true, failed: 1 })
    expect(changes).toEqual([["before", false]])
  })

  test.each([{ audit: true }, { audit: false }])(
    "is not changed afterwards if the run was aborted, %j",
    async (options) => {
      const table = await patientTable([["10"], ["20"]])
      const { job, changes } = definingJob(table)
      const controller = new AbortController()

      const report = await runBulk(
        table.source,
        table.target,
        {
          ...{ keyring, batchSize: 1, signal: controller.signal, ...options },
          onProgress: () => {
            controller.abort()
          },
        },
        job,
      )

      expect(report).toMatchObject({ completed: false, failed: 0 })
      expect(changes).toEqual([["before", false]])
    },
  )

  test("is not changed in a dry run", async () => {
    const table = await patientTable([["10"]])
    const { job, changes } = definingJob(table)

    const report = await runBulk(table.source, table.target, { keyring, dryRun: true }, job)

    expect(changes).toEqual([])
    expect(report.statements).toEqual([])
  })
})

describe("what a run asks of SQLite that it has not", () => {
  test.each([
    ["a shard", { shard: { index: 0, count: 2 } }, /cannot shard/],
    ["to vacuum", { vacuum: true }, /Only PostgreSQL has tables to vacuum/],
    ["a constraint", { constrain: true }, /patient\.ssn: this database adds no constraint/],
  ])("is refused: %s", async (_, options, message) => {
    const table = await patientTable([["10"]])

    const running = encryptColumns(table.source, table.target, { keyring, ...options })

    await expect(running).rejects.toThrow(message)
  })

  test("is not asked for a shard that is the only one", async () => {
    const table = await patientTable([["10"]])

    const options = { keyring, shard: { index: 0, count: 1 } }
    const report = await encryptColumns(table.source, table.target, options)

    expect(report).toMatchObject({ completed: true, changed: 1 })
  })
})

describe("a run with the wrong keys", () => {
  const stranger = new Keyring([keys.second])

  test("writes nothing", async () => {
    const table = await patientTable([["10"], [stranger.encrypt("20")]])

    const running = encryptColumns(table.source, table.target, { keyring })

    await expect(running).rejects.toMatchObject({ code: "ERR_KEY_INVALID" })
    expect(table.cells("ssn")[10]).toBe("10")
  })

  test("goes on if some tokens open", async () => {
    const table = await patientTable([["10"], [stranger.encrypt("20")], [keyring.encrypt("30")]])

    await encryptColumns(table.source, table.target, { keyring })

    expect(table.opened("ssn")[10]).toBe("opened 10")
  })

  test("of blind indexes writes nothing either", async () => {
    const table = await patientTable([["10"], ["20"]])
    await encryptColumns(table.source, table.target, { keyring, blindIndexKeyring: stranger })
    table.run("INSERT INTO patient VALUES (30, '30', NULL, NULL)")

    const running = encryptColumns(table.source, table.target, { keyring })

    await expect(running).rejects.toMatchObject({ code: "ERR_KEY_INVALID" })
    expect(table.cells("ssn")[30]).toBe("30")
  })
})
