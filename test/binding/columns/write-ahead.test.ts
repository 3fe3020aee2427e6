import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"

import { WriteAhead } from "../../../src/binding/columns/write-ahead"
import { Keyring } from "../../../src/fernet/keyring"
import { keyring, keys } from "../../support/keys"

const other = new Keyring([keys.second])
const names = Array.from({ length: 20 }, (_, i) => `patient ${i}`)
const asText = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined

function ahead(values: readonly unknown[]): WriteAhead {
  const write = new WriteAhead()
  write.begin(values, () => keyring, asText)
  return write
}

describe("writing ahead", () => {
  test("gives out a token of its own for each value, in their order, and then no more", () => {
    const values = [...names, names[0], names[0]]
    const write = ahead(values)

    const tokens = values.map((value) => write.take(value, keyring) ?? "")

    expect(tokens.map((token) => keyring.decryptText(token))).toEqual(values)
    expect(new Set(tokens).size).toBe(values.length)
    expect(write.take(names[0], keyring)).toBeUndefined()
  })

  test("passes over what is encrypted by itself, as nobody asks it for that", () => {
    const write = ahead(names.flatMap((name) => [null, name, 7]))

    const opened = names.map((name) => keyring.decryptText(write.take(name, keyring) ?? ""))

    expect(opened).toEqual(names)
  })

  test("never gives out the token of another value, nor one of another ring", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 19 }), { minLength: 8, maxLength: 20 }),
        fc.array(fc.tuple(fc.nat({ max: 19 }), fc.boolean()), { maxLength: 30 }),
        (written, asked) => {
          const write = ahead(written.map((i) => names[i]))
          for (const [i, isOther] of asked) {
            const token = write.take(names[i], isOther ? other : keyring)
            if (token !== undefined) expect(keyring.decryptText(token)).toBe(names[i])
            expect(token !== undefined && isOther).toBe(false)
          }
        },
      ),
    )
  })

  test("ends at the first value that is another one", () => {
    const write = ahead(names)

    expect(write.take(names[1], keyring)).toBeUndefined()
    expect(write.take(names[0], keyring)).toBeUndefined()
  })

  test("asks for no ring where there is nothing to encrypt, or too little", () => {
    const write = new WriteAhead()
    const none = (): Keyring => {
      throw new Error("asked for a ring")
    }

    write.begin(names.slice(0, 7), none, asText)
    write.begin(Array(20).fill(null), none, asText)

    expect(write.take(names[0], keyring)).toBeUndefined()
  })

  test("forgets what was not asked for", () => {
    const write = ahead(names)
    write.forget()

    expect(write.take(names[0], keyring)).toBeUndefined()
  })
})
