import { describe, expect, test } from "@jest/globals"

import { decryptColumns, encryptColumns, inspectColumns, rotateColumns } from "../../src"
import { checkOptions } from "../../src/bulk/options"

describe("checkOptions", () => {
  test("fills in the defaults", () => {
    expect(checkOptions({})).toEqual({
      ...{
        audit: true,
        batchSize: 5000,
        concurrency: 3,
        dryRun: false,
        force: false,
        vacuum: false,
      },
      ...{ lockTimeoutMs: 200, pauseMs: 0 },
    })
  })

  test("keeps what is given", () => {
    const given = { batchSize: 1, concurrency: 8, pauseMs: 0, lockTimeoutMs: 1, audit: false }

    expect(checkOptions({ ...given, where: "t.id > 1" })).toMatchObject({
      ...given,
      where: "t.id > 1",
    })
  })

  test("refuses an unknown part of a shard", () => {
    expect(() => checkOptions({ shard: { index: 0, counts: 2 } as never })).toThrow(
      "shard was given an unknown option counts (did you mean count?)",
    )
  })

  test.each([
    ["batchSize", { batchSize: 0 }],
    ["batchSize", { batchSize: 1.5 }],
    ["batchSize", { batchSize: NaN }],
    ["concurrency", { concurrency: 0 }],
    ["pauseMs", { pauseMs: -1 }],
    ["lockTimeoutMs", { lockTimeoutMs: 0 }],
    ["lockTimeoutMs", { lockTimeoutMs: Infinity }],
    ["shard.count", { shard: { index: 0, count: 0 } }],
    ["shard.index", { shard: { index: -1, count: 2 } }],
    ["shard.index", { shard: { index: 2, count: 2 } }],
  ])("refuses a %s out of range: %j", (name, options) => {
    expect(() => checkOptions(options)).toThrow(RangeError)
    expect(() => checkOptions(options)).toThrow(name)
  })
})

describe("a bulk function", () => {
  const functions = { encryptColumns, rotateColumns, decryptColumns, inspectColumns }
  // Nothing is asked of the database before the options are known
  const nowhere = undefined as never

  test.each(Object.entries(functions))("refuses an unknown option: %s()", async (name, run) => {
    const running = run(nowhere, nowhere, { batchsize: 100 } as never)

    await expect(running).rejects.toThrow(
      new TypeError(`${name}() was given an unknown option batchsize (did you mean batchSize?).`),
    )
  })

  test("refuses an option that another one takes", async () => {
    const rotating = rotateColumns(nowhere, nowhere, { constrain: true } as never)

    await expect(rotating).rejects.toThrow("rotateColumns() was given an unknown option constrain")
  })
})
