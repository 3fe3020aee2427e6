import { describe, expect, test } from "@jest/globals"

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
