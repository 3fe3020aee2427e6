import { beforeEach, describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { FetchedRows } from "../../../src/binding/columns/fetched-rows"
import { ReadAhead } from "../../../src/binding/columns/read-ahead"
import type { DecryptingMany } from "../../../src/binding/columns/scattered-cells"
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

function column(
  rows: readonly Row[],
  ringOf: () => Keyring = () => watched,
): { fetched: FetchedRows; take: (token: string, ring?: Keyring) => unknown } {
  const fetched = new FetchedRows()
  fetched.note(rows)
  const decrypt: DecryptingMany = (ring, tokens) => ring.decryptMany(tokens)
  const ahead = new ReadAhead({ fetched, ringOf, decrypt })
  return { fetched, take: (token, ring = watched) => ahead.take(token, ring) }
}

beforeEach(() => {
  chunks = []
})

describe("reading ahead", () => {
  test("decrypts a chunk of a column at the first cell, and a larger one after it", () => {
    const rows = tokens.map(rowOf)
    const { take } = column(rows)

    expect(tokens.map((token) => take(token))).toEqual(tokens.map((_, i) => text(i)))
    expect(chunks).toEqual([64, 128, 256, 512, 512, 512, 16])
  })

  test("passes NULL and plaintext over, as nobody asks for them", () => {
    const cells = tokens.slice(0, 12).flatMap((token) => [null, token, undefined])
    const { take } = column(cells.map(rowOf))

    expect(tokens.slice(0, 12).map((token) => take(token))).toEqual(
      tokens.slice(0, 12).map((_, i) => text(i)),
    )
    expect(chunks).toEqual([12])
  })

  test("takes a parent's cell that joined rows repeat once", () => {
    const rows = tokens.slice(0, 10).flatMap((token) => [token, token, token].map(rowOf))
    const { take } = column(rows)

    expect(tokens.slice(0, 10).map((token) => take(token))).toEqual(
      tokens.slice(0, 10).map((_, i) => text(i)),
    )
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

  test("goes on in any order from the first cell on that is not the next one, and anew with a result", () => {
    const { fetched, take } = column(tokens.map(rowOf))
    const order = [0, 1, 1999, 2, 5, 1000, 3]

    expect(order.map((i) => take(tokens[i] ?? ""))).toEqual(order.map(text))
    const next = tokens.map(rowOf)
    fetched.note(next)
    expect(take(tokens[0] ?? "")).toBe(text(0))
    expect(chunks).toEqual([64, 448, 512, 512, 464, 64])
  })

  test("decrypts each cell once, in whatever order and however often they are asked for", () => {
    const { take } = column(tokens.map(rowOf))
    const order = tokens.map((_, i) => (i * 7) % 2000)

    expect(order.map((i) => take(tokens[i] ?? ""))).toEqual(order.map(text))
    expect(chunks.reduce((sum, count) => sum + count)).toBe(2000)
    expect(order.map((i) => take(tokens[i] ?? ""))).toEqual(order.map(text))
    expect(chunks.reduce((sum, count) => sum + count)).toBe(2000)
  })

  test("takes the cells of joined rows that are grouped by parents which do not follow each other", () => {
    const rows = tokens.slice(0, 100).map((_, i) => rowOf(tokens[i % 10]))
    const { take } = column(rows)

    expect(tokens.slice(0, 10).map((token) => take(token))).toEqual(
      tokens.slice(0, 10).map((_, i) => text(i)),
    )
    expect(chunks.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(100)
  })

  test("takes the cell of a parent again that is asked for with each of its rows", () => {
    const rows = tokens.map((_, i) => rowOf(tokens[Math.floor(i / 100)]))
    const { take } = column(rows)

    const taken = rows.map((row) => take(String(row.Patient_ssn)))

    expect(taken).toEqual(rows.map((_, i) => text(Math.floor(i / 100))))
    expect(chunks.reduce((sum, count) => sum + count)).toBe(20)
  })

  test("keeps no plaintext when the entities of a result are made", async () => {
    const { take } = column(tokens.map(rowOf))
    const taken = [0, 0].map((i) => take(tokens[i] ?? ""))
    await Promise.resolve()

    expect(taken).toEqual([text(0), text(0)])
    expect(take(tokens[0] ?? "")).toBeUndefined()
  })

  test("looks no more for a token that is not there", () => {
    const { take } = column(tokens.slice(0, 100).map(rowOf))

    const taken = [0, 500, 500, 1].map((i) => take(tokens[i] ?? ""))

    expect(taken).toEqual([text(0), undefined, undefined, text(1)])
    expect(chunks).toEqual([64, 36])
  })

  test("takes the cells of a column that is joined under two aliases", () => {
    const rows = Array.from({ length: 1000 }, (_, i) => ({
      a: tokens[2 * i],
      b: tokens[2 * i + 1],
    }))
    const { take } = column(rows)

    expect(tokens.map((token) => take(token))).toEqual(tokens.map((_, i) => text(i)))
    expect(chunks.reduce((sum, count) => sum + count)).toBe(2000)
  })

  test("stops at a row that is under another ring", () => {
    let asked = 0
    const { take } = column(tokens.map(rowOf), () => (++asked > 164 ? keyring : watched))

    const taken = [0, 2, 70, 100, 1999, 3].map((i) => take(tokens[i] ?? ""))

    expect(taken).toEqual([text(0), text(2), text(70), undefined, undefined, text(3)])
  })

  test("begins where the column does, past rows that have none", () => {
    const rows = [...Array<undefined>(20).fill(undefined), ...tokens.slice(0, 10)].map(rowOf)
    const { take } = column(rows)

    expect(tokens.slice(0, 10).map((token) => take(token))).toEqual(
      tokens.slice(0, 10).map((_, i) => text(i)),
    )
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
    expect(cells.map((token) => take(token))).toEqual(expected)
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

  test("never gives a token the text that the next chunk begins with", () => {
    const { take } = column(tokens.map(rowOf))
    for (const token of tokens.slice(0, 64)) take(token)

    expect(take(tokens[70] ?? "")).toBe(text(70))
  })

  test("gives out bytes that are the caller's, however often they are asked for", () => {
    const fetched = new FetchedRows()
    fetched.note(tokens.slice(0, 10).map(rowOf))
    const decrypt: DecryptingMany = (_ring, read) => read.map(() => new Uint8Array(1))
    const ahead = new ReadAhead({ fetched, ringOf: () => watched, decrypt })
    const again = (i: number) => ahead.take(tokens[i] ?? "", watched) as Uint8Array
    again(0)

    again(5).fill(7)

    expect(again(5)).toEqual(new Uint8Array(1))
  })

  test("never gives a text to who asks with another ring than it was read under", () => {
    const { take } = column(tokens.map(rowOf))
    const [first = "", second = ""] = tokens
    const other = new Keyring([Fernet.generateKey()])

    expect(take(first)).toBe(text(0))
    expect(take(second, other)).toBeUndefined()
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
