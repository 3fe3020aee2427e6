import { describe, expect, test } from "@jest/globals"

import type { BlindIndexDeclaration, BulkTarget, LegacyReader } from "../../../src"
import { nameTable } from "../../../src/bulk/bulk-target"
import { encrypting, inspecting, decrypting } from "../../../src/bulk/pass/cells"
import {
  type CompanionDemand,
  Companions,
  type ExpectedCell,
  indexState,
  UNINDEXABLE,
} from "../../../src/bulk/pass/companions"
import { batchOf, type Cell } from "../../../src/dialect/batch"
import { Keyring } from "../../../src/fernet/keyring"
import { memorySource } from "../../binding/memory-source"
import { digestOf } from "../../search/digest-of"
import { keyring, keys } from "../../support/keys"

const both = new Keyring([keys.second, keys.first])
const stranger = new Keyring(["c3RyYW5nZXIga2V5IG9mIHRoZSB0ZXN0cywgMzIgYnk="])

/** The index value of an ssn under a key. */
const ssnDigest = (text: string, key: string = keys.first): string =>
  digestOf("patient/ssn/ssn_bidx", text, { key })

/** Index values of rows that hold an `ssn`, a `note`, and a cell of the index of `ssn`. */
function decided(
  rows: readonly (readonly [ssn: Cell, note: Cell, index?: Cell])[],
  {
    demand = "written",
    blindIndex = true,
    job = inspecting,
    indexRing = keyring,
    codec,
    legacy,
  }: {
    readonly demand?: CompanionDemand
    readonly blindIndex?: BlindIndexDeclaration
    readonly job?: typeof inspecting
    readonly indexRing?: Keyring
    readonly codec?: NonNullable<
      Extract<BulkTarget, { columns: object }>["columns"][string]["codec"]
    >
    readonly legacy?: LegacyReader
  } = {},
): {
  readonly expected: readonly ExpectedCell[]
  readonly newCells: readonly (Cell | undefined)[]
  readonly recognized: readonly boolean[]
} {
  const ssn = { blindIndex, ...(codec && { codec }), ...(legacy && { legacy }) }
  const target: BulkTarget = { table: "patient", columns: { ssn, note: {} } }
  const { columns, indexes } = nameTable(memorySource([]), target)
  const companions = new Companions(indexes, columns, indexRing)
  const batch = batchOf(
    rows.map(([ssn, note, index = null], id) => [id, ssn, note, index]),
    3,
  )
  const decisions = columns.map((column, i) => ({
    ...job.decide(batch.cells[i] ?? [], column, keyring, (row) => batch.primaryKeyAt(row)),
    keyring,
  }))
  const [first] = companions.decide(demand, batch, decisions)
  if (!first) throw new Error("there is no index")
  return { ...first, recognized: companions.recognized(batch, decisions).flat() }
}

const token = keyring.encrypt("10")

describe("a companion cell", () => {
  test("holds the index value of plaintext and tokens, and NULL for NULL", () => {
    const { expected, newCells } = decided([
      ["10", null],
      [token, null],
      [null, "note"],
    ])

    expect(expected).toStrictEqual([ssnDigest("10"), ssnDigest("10"), null])
    expect(newCells).toStrictEqual([ssnDigest("10"), ssnDigest("10"), undefined])
  })

  test("is written only where it is another", () => {
    const { newCells } = decided([
      ["10", null, ssnDigest("10")],
      [token, null, "left behind"],
      [null, null, "left behind"],
      [null, null, null],
    ])

    expect(newCells).toStrictEqual([undefined, ssnDigest("10"), null, undefined])
  })

  test("is left where its row cannot be read", () => {
    const { expected, newCells } = decided([[stranger.encrypt("10"), null, "as it was"]])

    expect(expected).toStrictEqual([undefined])
    expect(newCells).toStrictEqual([undefined])
  })

  test("is left, and known, where a normalizer refuses the value of its row", () => {
    const normalize = (text: string): string => {
      if (text === "10") throw new TypeError("not this one")
      return text
    }

    const { expected, newCells } = decided(
      [
        ["10", null, "as it was"],
        [token, null],
        ["20", null],
      ],
      { blindIndex: { normalize, context: "patient/ssn/ssn_bidx" } },
    )

    expect(expected).toStrictEqual([UNINDEXABLE, UNINDEXABLE, ssnDigest("20")])
    expect(newCells).toStrictEqual([undefined, undefined, ssnDigest("20")])
  })

  test("is made of all columns of an index over several, and NULL if one of them is", () => {
    const { expected } = decided(
      [
        ["10", keyring.encrypt("a note")],
        ["10", null],
        [null, "a note"],
        ["10", stranger.encrypt("a note")],
      ],
      { blindIndex: { with: ["note"] } },
    )

    const digest = digestOf("patient/ssn,note/ssn_note_bidx", ["10", "a note"])
    expect(expected).toStrictEqual([digest, null, null, undefined])
  })

  test("is made of the canonical form of a value", () => {
    const codec = {
      encode: (value: unknown) => Buffer.from(String(value)),
      decode: (bytes: Uint8Array) => Buffer.from(bytes).toString(),
      canonical: (value: unknown) => String(value).toLowerCase(),
    }

    expect(decided([["TEN", null]], { codec }).expected).toStrictEqual([ssnDigest("ten")])
  })
})

test("a legacy form has the index value of what it holds", () => {
  const reader = { is: (cell: string) => cell === "old", decode: () => "10" }

  expect(decided([["old", null]], { legacy: reader }).expected).toStrictEqual([ssnDigest("10")])
})

test("several companion cells of a row are each those of their own index", () => {
  const cells = [ssnDigest("10"), digestOf("patient/note/note_bidx", "a note")]
  const target: BulkTarget = {
    table: "patient",
    columns: { ssn: { blindIndex: true }, note: { blindIndex: true } },
  }
  const { columns, indexes } = nameTable(memorySource([]), target)
  const companions = new Companions(indexes, columns, keyring)
  const batch = batchOf(
    [
      [1, "10", "a note", ...cells],
      [2, "10", "a note", ...cells.toReversed()],
    ],
    4,
  )
  const decisions = columns.map((column, i) => ({
    ...inspecting.decide(batch.cells[i] ?? [], column, keyring, (row) => [row]),
    keyring,
  }))

  const [ssn, note] = companions.decide("written", batch, decisions)

  expect(ssn?.newCells).toStrictEqual([undefined, cells[0]])
  expect(note?.newCells).toStrictEqual([undefined, cells[1]])
  expect(companions.recognized(batch, decisions)).toStrictEqual([
    [true, false],
    [true, false],
  ])
})

describe("what becomes of companion cells", () => {
  const rows = [
    ["10", null, "stale"],
    ["20", null],
  ] as const

  test.each(["kept", "proven"] as const)("is nothing where they are to be %s", (demand) => {
    const { expected, newCells } = decided(rows, { demand })

    expect(expected).toStrictEqual([ssnDigest("10"), ssnDigest("20")])
    expect(newCells).toStrictEqual([])
  })

  test("is NULL as their row is decrypted, unless a column they are made of stays encrypted", () => {
    const bytes = keyring.encrypt(Buffer.from([0xff]))

    const { newCells } = decided(
      [
        [token, null, "index"],
        ["plain", null, "index"],
        [null, null, "index"],
        [bytes, null, "index"],
        [` ${bytes}`, null, "index"],
        [token, null, null],
      ],
      { demand: "cleared", job: decrypting },
    )

    expect(newCells).toStrictEqual([null, null, null, undefined, undefined, undefined])
  })

  test("is nothing if one of several columns stays encrypted", () => {
    const bytes = keyring.encrypt(Buffer.from([0xff]))

    const { newCells } = decided(
      [
        [token, bytes, "index"],
        [bytes, token, "index"],
        [token, token, "index"],
      ],
      { demand: "cleared", job: decrypting, blindIndex: { with: ["note"] } },
    )

    expect(newCells).toStrictEqual([undefined, undefined, null])
  })

  test("is nothing to do with what is to become of the cells when they are encrypted", () => {
    const job = encrypting({ wrapForeign: false, asPlaintext: new Set() })

    expect(decided([["10", null]], { job }).newCells).toStrictEqual([ssnDigest("10")])
  })
})

describe("a companion cell is recognized", () => {
  test("if one of the index keys made it, and not if none did", () => {
    const { recognized } = decided(
      [
        ["10", null, ssnDigest("10", keys.second)],
        [token, null, ssnDigest("10", keys.first)],
        ["10", null, ssnDigest("20")],
        ["10", null, "other"],
      ],
      { indexRing: both },
    )

    expect(recognized).toStrictEqual([true, true, false, false])
  })

  test("neither way where there is none, or where that cannot be known", () => {
    const refuses = {
      normalize: (): string => {
        throw new TypeError("no")
      },
    }

    expect(
      decided([
        ["10", null, null],
        [null, null, "index"],
        [stranger.encrypt("10"), null, "index"],
      ]).recognized,
    ).toStrictEqual([])
    expect(decided([["10", null, "index"]], { blindIndex: refuses }).recognized).toStrictEqual([])
  })
})

describe("indexState", () => {
  test.each<[Cell, ExpectedCell, string | undefined]>([
    ["a", "a", "current"],
    ["a", "b", "stale"],
    ["a", null, "stale"],
    ["a", UNINDEXABLE, "stale"],
    [null, "a", "missing"],
    [null, UNINDEXABLE, "missing"],
    [null, null, undefined],
    [null, undefined, undefined],
    ["a", undefined, undefined],
  ])("of %p where %p should be is %p", (cell, expected, state) => {
    expect(indexState(cell, expected)).toBe(state)
  })
})
