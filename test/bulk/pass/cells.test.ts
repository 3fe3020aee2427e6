import { describe, expect, test } from "@jest/globals"

import { type BulkColumn, nameTable } from "../../../src/bulk/bulk-target"
import {
  type CellDecisions,
  type CellJob,
  decrypting,
  encrypting,
  inspecting,
  rotating,
  verifying,
} from "../../../src/bulk/pass/cells"
import type { Cell } from "../../../src/dialect/batch"
import { Keyring } from "../../../src/fernet/keyring"
import { memorySource } from "../../binding/memory-source"
import { forgeToken } from "../../fernet/reference"
import { keys } from "../../support/keys"

const ring = new Keyring([keys.second, keys.first])
const older = new Keyring([keys.first])
const stranger = new Keyring(["c3RyYW5nZXIga2V5IG9mIHRoZSB0ZXN0cywgMzIgYnk="])
const malformed = forgeToken(keys.first, Buffer.alloc(16))
const bytes = Buffer.from([0xff, 0xfe])
const binary = ring.encrypt(bytes)

type Description = Extract<Parameters<typeof nameTable>[1], { columns: object }>["columns"][string]

function columnOf(description: Description = {}): BulkColumn {
  const target = { table: "patient", columns: { ssn: description } }
  const [column] = nameTable(memorySource([]), target).columns
  if (!column) throw new Error("there is no column")
  return column
}

/** What a job decides about cells, and the states as words. */
function decided(
  job: CellJob,
  cells: readonly Cell[],
  column: BulkColumn = columnOf(),
): Omit<CellDecisions, "problems" | "states"> & {
  readonly states: readonly string[]
  readonly problems: Readonly<Record<number, string>>
} {
  const { problems, states, ...rest } = job.decide(cells, column, ring, (row) => [row])
  return {
    ...rest,
    states: states.map(({ state }) => state),
    problems: Object.fromEntries(problems),
  }
}

const plain = encrypting({ wrapForeign: false, asPlaintext: new Set() })
const opened = (cells: readonly (Cell | undefined)[]): readonly (Cell | undefined)[] =>
  Array.from(cells, (cell) => cell && ring.decryptText(cell))

describe("encrypting", () => {
  test("encrypts plaintext, and leaves tokens, NULL and what no key opens", () => {
    const cells = ["10", ring.encrypt("20"), older.encrypt("30"), null, stranger.encrypt("40"), ""]

    const { states, newCells, problems } = decided(plain, cells)

    const expected = ["plaintext", "current", "stale", "null", "unreadable", "plaintext"]
    expect(states).toStrictEqual(expected)
    expect(opened(newCells)).toStrictEqual(["10", undefined, undefined, undefined, undefined, ""])
    expect(ring.keyIndexOf(newCells[5] ?? "")).toBe(0)
    expect(problems).toStrictEqual({})
  })

  test("encrypts what a legacy reader reads, text or bytes", () => {
    const legacy = {
      is: (cell: string) => cell.startsWith("old:"),
      decode: (cell: string) => (cell === "old:bytes" ? bytes : cell.slice(4)),
    }
    const column = columnOf({ legacy, codec: "bytes" })

    const { states, newCells } = decided(plain, ["old:bytes"], column)
    const text = decided(plain, ["old:ten", "ten", null], columnOf({ legacy }))

    expect(states).toStrictEqual(["legacy"])
    expect(Buffer.from(ring.decrypt(newCells[0] ?? ""))).toStrictEqual(bytes)
    expect(text.states).toStrictEqual(["legacy", "plaintext", "null"])
    expect(opened(text.newCells)).toStrictEqual(["ten", "ten", undefined])
    expect([...text.legacy]).toStrictEqual([[0, "ten"]])
  })

  test("leaves in plaintext what its codec does not read, and names neither value nor token", () => {
    const { newCells, problems } = decided(plain, ["1", "one"], columnOf({ codec: "number" }))

    expect(opened(newCells)).toStrictEqual(["1", undefined])
    expect(problems).toStrictEqual({
      1: expect.stringMatching(/^patient\.ssn is left in plaintext: .*\.$/) as unknown,
    })
    expect(problems[1]).not.toContain("one")
  })

  test("leaves what looks encrypted by something else, unless it is told to wrap it", () => {
    const foreign = `enc:${ring.encrypt("10")}`

    const left = decided(plain, [foreign])
    const wrapped = decided(encrypting({ wrapForeign: true, asPlaintext: new Set() }), [foreign])

    expect(opened(left.newCells)).toStrictEqual([undefined])
    expect(left.problems[0]).toMatch(/^patient\.ssn is left as it is: it looks encrypted by/)
    expect(opened(wrapped.newCells)).toStrictEqual([foreign])
    expect(wrapped.problems).toStrictEqual({})
  })

  test("takes for text what looks like a token in a row that is named, and in no other", () => {
    const damaged = stranger.encrypt("10")
    const own = ring.encrypt("20")
    const job = encrypting({ wrapForeign: false, asPlaintext: new Set(['["0"]', '["2"]']) })

    const { states, newCells, problems } = decided(job, [damaged, damaged, own])

    expect(states).toStrictEqual(["plaintext", "unreadable", "current"])
    expect(opened(newCells)).toStrictEqual([damaged, undefined, undefined])
    expect(problems).toStrictEqual({})
  })

  test("makes cells under the first key", () => {
    expect(plain.madeState(ring.encrypt("10"), ring)).toMatchObject({
      ...{ state: "current", keyIndex: 0 },
    })
  })
})

describe("rotating", () => {
  test("moves tokens under older keys, with their timestamps, and leaves all else", () => {
    const old = older.encryptAtTime("30", 1_700_000_000)
    const cells = [null, "plain", old, ring.encrypt("20"), stranger.encrypt("40"), " x"]

    const { states, newCells, problems } = decided(rotating, cells)

    expect(states).toStrictEqual([
      ...["null", "plaintext", "stale", "current", "unreadable", "plaintext"],
    ])
    const [, , moved = ""] = newCells
    expect(newCells.map((cell) => cell !== undefined)).toStrictEqual([
      ...[false, false, true, false, false, false],
    ])
    expect(ring.keyIndexOf(moved ?? "")).toBe(0)
    expect(ring.extractTimestamp(moved ?? "")).toStrictEqual(ring.extractTimestamp(old))
    expect(problems).toStrictEqual({})
  })

  test("moves what is beside a token that is malformed inside, and lists that", () => {
    const cells = [older.encrypt("10"), malformed, older.encrypt("30")]

    const { states, newCells, problems } = decided(rotating, cells)

    expect(states).toStrictEqual(["stale", "stale", "stale"])
    expect(opened(newCells)).toStrictEqual(["10", undefined, "30"])
    expect(problems).toStrictEqual({
      1: "patient.ssn is left under an older key: its token is malformed inside.",
    })
  })

  test("keeps cells in a legacy form", () => {
    const legacy = { is: (cell: string) => cell === "old", decode: () => "10" }

    const { states, newCells } = decided(rotating, ["old", "x"], columnOf({ legacy }))

    expect(states).toStrictEqual(["legacy", "plaintext"])
    expect(newCells).toStrictEqual([undefined, undefined])
  })
})

describe("decrypting", () => {
  test("turns tokens under any key into their plaintext, and leaves all else", () => {
    const cells = [ring.encrypt("10"), older.encrypt("20"), "30", null, stranger.encrypt("40")]

    const { newCells, problems } = decided(decrypting, cells)

    expect(newCells).toStrictEqual(["10", "20", undefined, undefined, undefined])
    expect(problems).toStrictEqual({})
  })

  test("leaves encrypted what is not text, or malformed inside", () => {
    const { newCells, problems } = decided(decrypting, [binary, malformed, ring.encrypt("")])

    expect(newCells).toStrictEqual([undefined, undefined, ""])
    expect(problems).toStrictEqual({
      0: "patient.ssn is left encrypted: its plaintext is not text.",
      1: "patient.ssn is left encrypted: its plaintext is not text.",
    })
  })

  test.each([decrypting, inspecting, verifying])(
    "and what only looks, %#, know cells by what they are",
    (job) => {
      expect(job.madeState("10", ring)).toMatchObject({ state: "plaintext" })
      expect(job.madeState(ring.encrypt("10"), ring)).toMatchObject({ state: "current" })
    },
  )
})

describe("inspecting", () => {
  test("says what cells are, and makes none", () => {
    expect(decided(inspecting, ["10", ring.encrypt("10"), malformed, null])).toStrictEqual({
      states: ["plaintext", "current", "stale", "null"],
      newCells: [],
      legacy: new Map(),
      problems: {},
    })
  })
})

describe("verifying", () => {
  test("lists plaintext, legacy forms, and what does not decode", () => {
    const legacy = { is: (cell: string) => cell === "old", decode: () => "10" }
    const column = columnOf({ legacy, codec: "number" })
    const cells = ["1", "old", ring.encrypt("1"), ring.encrypt("one"), null, malformed]

    const { newCells, problems } = decided(verifying, cells, column)

    expect(problems).toStrictEqual({
      0: "patient.ssn holds plaintext.",
      1: "patient.ssn is in its legacy form.",
      3: expect.stringMatching(/^patient\.ssn opens, but .*\.$/) as unknown,
      5: expect.stringMatching(/^patient\.ssn opens, but .*\.$/) as unknown,
    })
    expect(newCells).toStrictEqual([])
  })

  test("leaves to the audit what no key opens", () => {
    expect(decided(verifying, [stranger.encrypt("1")]).problems).toStrictEqual({})
  })

  test("decodes bytes as such", () => {
    const column = columnOf({ codec: "bytes" })

    expect(decided(verifying, [binary], column).problems).toStrictEqual({})
  })
})
