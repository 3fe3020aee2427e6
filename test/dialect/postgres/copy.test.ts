import { describe, expect, test } from "@jest/globals"

import { copiedRow, CopyOut } from "../../../src/dialect/postgres/copy"

// COPY (SELECT 'ab'::text, NULL, ''::text) TO STDOUT (FORMAT binary)
const copied = Buffer.from(
  "5047434f50590aff0d0a00" + "00000000" + "00000000" + "0003000000026162ffffffff00000000" + "ffff",
  "hex",
)

describe("copiedRow", () => {
  test("returns the fields of the row", () => {
    expect(copiedRow(copied)).toEqual([Buffer.from("ab"), undefined, Buffer.alloc(0)])
  })

  test("passes over an extension of the header", () => {
    const extended = Buffer.concat([
      copied.subarray(0, 15),
      Buffer.from("00000003aabbcc", "hex"),
      copied.subarray(19),
    ])

    expect(copiedRow(extended)).toEqual(copiedRow(copied))
  })
})

describe("CopyOut", () => {
  const run = (): { statement: CopyOut; outcomes: [unknown, string][] } => {
    const outcomes: [unknown, string][] = []
    const statement = new CopyOut("COPY …", (error, bytes) => {
      outcomes.push([error, bytes.toString()])
    })
    return { statement, outcomes }
  }

  test("keeps what came in, though the client reuses its memory", () => {
    const { statement, outcomes } = run()
    const received = Buffer.from("one")

    statement.handleCopyData({ chunk: received })
    received.fill("x")
    statement.handleCopyData({ chunk: Buffer.from("two") })
    statement.handleReadyForQuery()

    expect(outcomes).toEqual([[null, "onetwo"]])
  })

  test("passes an error on", () => {
    const { statement, outcomes } = run()
    const error = new Error("cut")

    statement.handleError(error)

    expect(outcomes).toEqual([[error, ""]])
  })
})
