import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { MadeAhead } from "../src/made-ahead"

const [owner, other] = [{ name: "owner" }, { name: "other" }]
const values = Array.from({ length: 20 }, (_, i) => `ssn ${i}`)
const madeOf = (value: string): string => `made of ${value}`

type Ahead = MadeAhead<typeof owner, string, string>

function ahead(of: readonly string[]): Ahead {
  const made: Ahead = new MadeAhead()
  made.begin(owner, of, of.map(madeOf))
  return made
}

function take(made: Ahead, value: string | undefined, by = owner): string | undefined {
  return made.take(
    () => by,
    (one) => one === value,
  )
}

describe("what was made ahead", () => {
  test("is given out for the values it was made of, in their order, and then no more", () => {
    const made = ahead(values)

    expect(values.map((value) => take(made, value))).toEqual(values.map(madeOf))
    expect(take(made, values[0])).toBeUndefined()
  })

  test("is never given out for another value, nor to another owner", () => {
    const index = fc.nat({ max: 19 })

    fc.assert(
      fc.property(
        fc.array(index, { minLength: 1, maxLength: 20 }),
        fc.array(fc.tuple(index, fc.boolean()), { maxLength: 30 }),
        (written, asked) => {
          const made = ahead(written.map((i) => `ssn ${i}`))
          for (const [i, isOther] of asked) {
            const given = take(made, `ssn ${i}`, isOther ? other : owner)
            if (given !== undefined) expect(given).toBe(madeOf(`ssn ${i}`))
            expect(given !== undefined && isOther).toBe(false)
          }
        },
      ),
    )
  })

  test("ends at the first value that is another one", () => {
    const made = ahead(values)

    expect(take(made, values[1])).toBeUndefined()
    expect(take(made, values[0])).toBeUndefined()
  })

  test("is forgotten if it is not asked for", () => {
    const made = ahead(values)
    made.forget()

    expect(take(made, values[0])).toBeUndefined()
  })

  test.each<[string, Ahead]>([
    ["nothing was begun", new MadeAhead()],
    ["it was made of no values", ahead([])],
  ])("asks for no owner where %s", (_, made) => {
    const none = (): never => {
      throw new Error("asked for an owner")
    }

    expect(made.take(none, (value) => value === undefined)).toBeUndefined()
  })
})
