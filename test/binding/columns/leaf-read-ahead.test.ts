import { expect, test } from "@jest/globals"

import { FetchedRows } from "../../../src/binding/columns/fetched-rows"
import { LeafReadAhead } from "../../../src/binding/columns/leaf-read-ahead"
import { Fernet } from "../../../src/fernet/fernet"
import { Keyring } from "../../../src/fernet/keyring"
import { keyring } from "../../support/keys"

const tokens = Array.from({ length: 100 }, (_, i) => keyring.encrypt(`leaf ${i}`))

function leaves(): LeafReadAhead {
  const fetched = new FetchedRows()
  fetched.note(tokens.map((token) => ({ Patient_chart: { leaf: token } })))
  return new LeafReadAhead(
    { fetched, ringOf: () => keyring, decrypt: (ring, read) => ring.decryptMany(read) },
    (cell) => [(cell as { leaf: string }).leaf],
  )
}

test("leaves that are read ahead are given out for the very token, in any order", () => {
  const ahead = leaves()

  const taken = [0, 2, 1].map((i) => ahead.take(tokens[i] ?? "", keyring))

  expect(taken).toEqual(["leaf 0", "leaf 2", "leaf 1"])
})

test("leaves that are read ahead are given to nobody who asks with another ring", () => {
  const ahead = leaves()
  const [first = "", second = ""] = tokens
  const other = new Keyring([Fernet.generateKey()])

  expect(ahead.take(first, keyring)).toBe("leaf 0")
  expect(ahead.take(second, other)).toBeUndefined()
})
