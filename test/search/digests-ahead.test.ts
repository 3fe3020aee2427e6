import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { DigestsAhead } from "../../src/search/digests-ahead"

const [owner, other] = [{ name: "owner" }, { name: "other" }]
const rows = Array.from({ length: 20 }, (_, i) => [`ssn ${i}`, i % 3] as const)
const digestOf = (row: readonly unknown[]): string => row.join("|")

function ahead(of: readonly (readonly unknown[])[]): DigestsAhead<typeof owner> {
  const digests = new DigestsAhead<typeof owner>()
  digests.begin(owner, of, of.map(digestOf))
  return digests
}

describe("index values made ahead", () => {
  test("are given out for the rows they were made of, in their order, and then no more", () => {
    const digests = ahead(rows)

    expect(rows.map((row) => digests.take(() => owner, row))).toEqual(rows.map(digestOf))
    expect(digests.take(() => owner, rows[0] ?? [])).toBeUndefined()
  })

  test("are never given out for other values, nor to another owner", () => {
    const index = fc.nat({ max: 19 })

    fc.assert(
      fc.property(
        fc.array(index, { minLength: 1, maxLength: 20 }),
        fc.array(fc.tuple(index, index, fc.boolean()), { maxLength: 30 }),
        (written, asked) => {
          const digests = ahead(written.map((i) => rows[i] ?? []))
          for (const [i, j, isOther] of asked) {
            const values = [`ssn ${i}`, j % 3]
            const digest = digests.take(() => (isOther ? other : owner), values)
            if (digest !== undefined) expect(digest).toBe(digestOf(values))
            expect(digest !== undefined && isOther).toBe(false)
          }
        },
      ),
    )
  })

  test("end at the first row that is another one", () => {
    const digests = ahead(rows)

    expect(digests.take(() => owner, rows[1] ?? [])).toBeUndefined()
    expect(digests.take(() => owner, rows[0] ?? [])).toBeUndefined()
  })

  test("are forgotten if they are not asked for", () => {
    const digests = ahead(rows)
    digests.forget()

    expect(digests.take(() => owner, rows[0] ?? [])).toBeUndefined()
  })

  test("ask for no owner where there are none", () => {
    const digests = new DigestsAhead<typeof owner>()
    const none = (): never => {
      throw new Error("asked for an owner")
    }

    expect(digests.take(none, rows[0] ?? [])).toBeUndefined()
  })
})
