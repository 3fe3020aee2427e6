import { beforeEach, describe, expect, test } from "@jest/globals"

import { Keyring } from "../../../src"
import { BoundColumn } from "../../../src/binding/columns/bound-column"
import { FetchedRows } from "../../../src/binding/columns/fetched-rows"
import type { KeyResolver } from "../../../src/binding/keys/key-resolver"
import { ReadAhead } from "../../../src/binding/columns/read-ahead"
import { BlindIndex } from "../../../src/search/blind-index"
import { keys } from "../../support/keys"

const [ward, clinic] = [keys.first, keys.second].map((key) => new Keyring([key])) as [
  Keyring,
  Keyring,
]

/** Answers what a test says, and notes what it was asked. */
class SwitchedResolver implements KeyResolver {
  ring = ward
  readonly properties: string[] = []
  readonly rows: unknown[] = []

  ringFor(property: string, row?: object): Keyring {
    this.properties.push(property)
    if (row) this.rows.push(row)
    return this.ring
  }
}

let resolver: SwitchedResolver
beforeEach(() => {
  resolver = new SwitchedResolver()
})

function ssnColumn(fetched?: FetchedRows): BoundColumn {
  const scheme = {
    property: "Patient.ssn",
    declaration: {},
    phase: "reject" as const,
    tokenLimit: undefined,
  }
  return new BoundColumn(
    scheme,
    resolver,
    fetched && ((source) => new ReadAhead({ ...source, fetched })),
  )
}

describe("a bound column", () => {
  test("encrypts under the ring of the moment", () => {
    const column = ssnColumn()

    const inWard = column.encrypt("078-05-1120") ?? ""
    resolver.ring = clinic
    const inClinic = column.encrypt("078-05-1120") ?? ""

    expect(ward.decryptText(inWard)).toBe("078-05-1120")
    expect(clinic.decryptText(inClinic)).toBe("078-05-1120")
  })

  test("opens a cell under the ring of the moment only", () => {
    const column = ssnColumn()
    const token = ward.encrypt("078-05-1120")

    expect(column.from(token)).toBe("078-05-1120")
    resolver.ring = clinic
    expect(() => column.from(token)).toThrow(
      expect.objectContaining({ reason: "unknown-key", property: "Patient.ssn" }),
    )
    resolver.ring = ward
    expect(column.from(token)).toBe("078-05-1120")
  })

  test("says which column it asks for", () => {
    const column = ssnColumn()

    column.encrypt("078-05-1120")

    expect([...new Set(resolver.properties)]).toEqual(["Patient.ssn"])
  })

  test("gives out nothing that was read ahead under another ring", () => {
    const fetched = new FetchedRows()
    const column = ssnColumn(fetched)
    const tokens = Array.from({ length: 20 }, (_, i) => ward.encrypt(`patient ${i}`))
    fetched.note(tokens.map((token) => ({ Patient_ssn: token })))

    expect(column.from(tokens[0])).toBe("patient 0")
    resolver.ring = clinic
    expect(() => column.from(tokens[1])).toThrow(expect.objectContaining({ reason: "unknown-key" }))
  })
})

describe("reading ahead", () => {
  let chunks: number[] = []

  class WatchedKeyring extends Keyring {
    override decryptMany(tokens: readonly string[]): readonly (string | undefined)[] {
      chunks.push(tokens.length)
      return super.decryptMany(tokens)
    }
  }

  test("works on the cells of one ring together, as far as rows of it follow each other", () => {
    chunks = []
    const rings = [keys.first, keys.second].map((key) => new WatchedKeyring([key]))
    const rows = Array.from({ length: 40 }, (_, i) => {
      const ring = rings[i < 15 ? 0 : 1]
      return { ssn: ring?.encrypt(`patient ${i}`) ?? "", ring }
    })
    const fetched = new FetchedRows()
    fetched.note(rows)
    const ahead = new ReadAhead({
      fetched,
      ringOf: ({ ring }) => ring as Keyring,
      decrypt: (ring, tokens) => ring.decryptMany(tokens),
    })

    const texts = rows.map(({ ssn, ring }) => ring && ahead.take(ssn, ring))

    expect(texts).toEqual(rows.map((_, i) => `patient ${i}`))
    expect(chunks).toEqual([15, 25])
  })

  test("shows the resolver the row of a cell", () => {
    const fetched = new FetchedRows()
    const column = ssnColumn(fetched)
    const rows = Array.from({ length: 10 }, (_, id) => ({ id, ssn: ward.encrypt(`patient ${id}`) }))
    fetched.note(rows)

    column.from(rows[0]?.ssn)

    expect(resolver.rows).toEqual(rows)
  })
})

describe("a blind index", () => {
  const index = new BlindIndex(
    {
      name: "ssn_bidx",
      context: "patient/ssn/ssn_bidx",
      normalize: [],
      bits: 128,
      unique: false,
      members: [
        { property: "Patient.ssn", path: "ssn", plaintextAllowed: false, plaintextOf: String },
      ],
    },
    () => resolver.ringFor("Patient.ssn"),
  )

  test("makes its digests under the ring of the moment", () => {
    const inWard = index.stored(["078-05-1120"])
    resolver.ring = clinic
    const inClinic = index.stored(["078-05-1120"])
    resolver.ring = ward

    expect(inClinic).not.toBe(inWard)
    expect(index.stored(["078-05-1120"])).toBe(inWard)
    expect(index.searched(["078-05-1120"])).toEqual([inWard])
  })
})
