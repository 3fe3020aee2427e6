import fc from "fast-check"

import type { JsonPath } from "../../../src"
import { pathsMisuse } from "../../../src/column/documents/json-path"

const plainKeys = ["a", "b", "0", "1", "a.b", "*", "", "__proto__", "length", '"'] as const

/** A key with an escape in JSON; two of them, unless JSON.parse() takes one for another. */
const key = fc.constantFrom(...plainKeys, ...(tellsEscapesApart() ? ["\\"] : []))

/**
 * Node 24.21 gives the second of two objects the key of the first, if a backslash comes first: of this
 * shape from then on, which no document has.
 */
function tellsEscapesApart(): boolean {
  const parsed = ["\\", '"'].map((name) => {
    const object = JSON.parse(JSON.stringify({ probed: null, [name]: null })) as object
    return Object.keys(object).at(-1)
  })
  return parsed.at(-1) === '"'
}

/** Any document with few keys, so that paths meet it. */
export const documents: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.jsonValue({ maxDepth: 0 }),
    fc.string({ unit: "binary" }),
    fc.array(tie("value"), { maxLength: 4 }),
    // As JSON makes them, where __proto__ is a key like any other
    fc.array(fc.tuple(key, tie("value")), { maxLength: 4 }).map((members) =>
      members.reduce<object>(
        (object, [name, value]) =>
          Object.defineProperty(object, name, {
            value,
            ...{ configurable: true, enumerable: true, writable: true },
          }),
        {},
      ),
    ),
  ),
})).value

/** Any paths that may be declared together. */
export const paths: fc.Arbitrary<JsonPath[]> = fc
  .uniqueArray(fc.array(fc.oneof(key, fc.constant("*")), { minLength: 1, maxLength: 4 }), {
    selector: (path) => JSON.stringify(path),
    minLength: 1,
    maxLength: 4,
  })
  .map((all) =>
    all.reduce<string[][]>(
      (fitting, path) =>
        pathsMisuse([...fitting, path]).length > 0 ? fitting : [...fitting, path],
      [],
    ),
  )
