import { beforeEach, describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { FetchedRows } from "../../../src/binding/columns/fetched-rows"
import { ReadAhead } from "../../../src/binding/columns/read-ahead"
import { Fernet } from "../../../src/fernet/fernet"
import { Keyring } from "../../../src/fernet/keyring"
import { keyring } from "../../support/keys"

type Row = Readonly<Record<string, unknown>>

/** How many cells each call of the decipher was given. */
let chunks: number[] = []

class WatchedKeyring extends Keyring {
  override decryptMany(tokens: readonly string[]): readonly (string | undefined)[] {
    chunks.push(tokens.length)
    return keyring.decryptMany(tokens)
  }
}
const watched = new WatchedKeyring([Fernet.generateKey()])

const text = (i: number): string => `patient ${i}`
const tokens = Array.from({ length: 2000 }, (_, i) => keyring.encrypt(text(i)))
const rowOf = (token: unknown, i = 0): Row => ({ Patient_id: i, Patient_ssn: token })

function column(rows: readonly Row[]): { fetched: FetchedRows; take: (token: string) => unknown } {
  const fetched = new FetchedRows()
  fetched.note(rows)
  const ahead = new ReadAhead(fetched, () => watched)
  return { fetched, take: (token) => ahead.take(token, watched) }
}

beforeEach(() => {
  chunks = []
})

describe("reading ahead", () => {
  test("decrypts a chunk of a column at the first cell, and a larger one after it", () => {
    const rows = tokens.map(rowOf)
    const { take } = column(rows)

    expect(tokens.map(take)).toEqual(tokens.map((_, i) => text(i)))
    expect(chunks).toEqual([64, 128, 256, 512, 512, 512, 16])
  })

  test("passes NULL and plaintext over, as nobody asks for them", () => {
    const cells = tokens.slice(0, 12).flatMap((token) => [null, token, undefined])
    const { take } = column(cells.map(rowOf))

    expect(tokens.slice(0, 12).map(take)).toEqual(tokens.slice(0, 12).map((_, i) => text(i)))
    expect(chunks).toEqual([12])
  })

  test("takes a parent's cell that joined rows repeat once", () => {
    const rows = tokens.slice(0, 10).flatMap((token) => [token, token, token].map(rowOf))
    const { take } = column(rows)

    expect(tokens.slice(0, 10).map(take)).toEqual(tokens.slice(0, 10).map((_, i) => text(i)))
    expect(chunks).toEqual([10])
  })

  test("leaves few rows alone", () => {
    const { take } = column(tokens.slice(0, 7).map(rowOf))

    expect(take(tokens[0] ?? "")).toBeUndefined()
    expect(chunks).toEqual([])
  })

  test("leaves a token alone that is not in the result", () => {
    const { take } = column(tokens.slice(0, 100).map(rowOf))

    expect(take(tokens[200] ?? "")).toBeUndefined()
    expect(chunks).toEqual([])
  })

  test("ends with the result at the first cell that is not the next one", () => {
    const { fetched, take } = column(tokens.map(rowOf))

    const taken = [0, 1, 5, 2, 3].map((i) => take(tokens[i] ?? ""))

    expect(taken).toEqual([text(0), text(1), undefined, undefined, undefined])
    const next = tokens.map(rowOf)
    fetched.note(next)
    expect(take(tokens[0] ?? "")).toBe(text(0))
    expect(chunks).toEqual([64, 64])
  })

  test("gives the first token of a later chunk no other's text", () => {
    const { take } = column(tokens.map(rowOf))
    const first = tokens.slice(0, 64).map(take)

    expect(first).toEqual(first.map((_, i) => text(i)))
    expect(take(tokens[70] ?? "")).toBeUndefined()
    expect(chunks).toEqual([64])
  })

  test("begins where the column does, past rows that have none", () => {
    const rows = [...Array<undefined>(20).fill(undefined), ...tokens.slice(0, 10)].map(rowOf)
    const { take } = column(rows)

    expect(tokens.slice(0, 10).map(take)).toEqual(tokens.slice(0, 10).map((_, i) => text(i)))
    expect(chunks).toEqual([10])
  })

  test("gives up on a column whose first cell is far below", () => {
    const rows = [...Array<null>(64).fill(null), ...tokens.slice(0, 10)].map(rowOf)
    const { take } = column(rows)

    expect(take(tokens[0] ?? "")).toBeUndefined()
    expect(chunks).toEqual([])
  })

  test("leaves a cell to the column that cannot be read", () => {
    const cells = [...tokens.slice(0, 9), "gAAAAAtruncated", ...tokens.slice(9, 12)]
    const { take } = column(cells.map(rowOf))

    const expected = [...Array(9).keys(), -1, 9, 10, 11].map((i) => (i < 0 ? undefined : text(i)))
    expect(cells.map(take)).toEqual(expected)
  })

  test("never gives a token another one's text, whatever order they are asked for in", () => {
    const rows = tokens.slice(0, 80).map(rowOf)
    fc.assert(
      fc.property(fc.array(fc.nat(79), { maxLength: 200 }), (order) => {
        const { take } = column(rows)
        for (const i of order) expect([text(i), undefined]).toContain(take(tokens[i] ?? ""))
      }),
    )
  })
})

describe("fetched rows", () => {
  test("tell one result from the next", () => {
    const fetched = new FetchedRows()
    const rows: Row[] = Array.from({ length: 8 }, () => ({}))

    fetched.note(rows)
    fetched.note(rows)

    expect(fetched.fetches).toBe(2)
    expect(fetched.rows).toBe(rows)
  })
})
