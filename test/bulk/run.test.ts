import { describe, expect, test } from "@jest/globals"

import { decryptColumns, encryptColumns, inspectColumns, Keyring } from "../../src"
import { keyring, keys } from "../support/keys"
import { patientTable } from "./patient-table"

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

  test("that only looks may find what it likes", async () => {
    const table = await patientTable([["10"]])
    const runner = table.source.createQueryRunner()

    const report = await encryptColumns(runner, table.target, { keyring })

    expect(report).toMatchObject({ completed: true, changed: 1 })
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

  test("looks before types are restored, whatever the audit is set to", async () => {
    const table = await patientTable([[keyring.encrypt("too long for its type")]])
    const restoreTypes = { ssn: "varchar(3)" }

    const running = decryptColumns(table.source, table.unindexed, {
      ...{ keyring, restoreTypes, audit: false },
    })

    await expect(running).rejects.toThrow("patient.ssn does not fit into varchar(3)")
    expect(table.opened("ssn")[10]).toMatch(/^opened/)
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
