import { describe, expect, test } from "@jest/globals"

import type { Normalizer } from "../../src/column/blind-index"
import { Keyring } from "../../src/fernet/keyring"
import { BlindIndexer } from "../../src/search/blind-indexer"
import { blindIndexVectors, slowIndexVectors, VECTOR_KEYS } from "../search/vectors"
import { readText } from "./regions"

const security = readText("SECURITY.md")

/** The rows of the table of test vectors, each as its cells. */
const rows = [...security.matchAll(/^\| [AB] .*$/gm)].map(
  ([row]) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()) as [string, string, string, string, string, string],
)

/** Reads a cell of values: quoted as JSON or code, bytes in hexadecimal, or the words "no text". */
function readValue(cell: string): string | Uint8Array {
  const [, kind, code = ""] = /^(bytes )?`(.*)`$/.exec(cell) ?? []
  if (kind !== undefined) return Buffer.from(code.replaceAll(" ", ""), "hex")
  return code.startsWith('"') ? String(JSON.parse(code)) : code
}

function splitList(cell: string): string[] {
  return cell === "" ? [] : cell.split(", ")
}

function readKey(name: string): string {
  const [, key = ""] = new RegExp(`[Kk]ey ${name} is\\s+\`(.+?)\``).exec(security) ?? []
  return key
}

describe("the test vectors in SECURITY.md", () => {
  test.each(rows)("key %s, %s, %s, %s, %s bits", (key, context, values, normalize, bits, index) => {
    const options = {
      context: context.replaceAll("`", ""),
      normalize: splitList(normalize) as Normalizer[],
      bits: Number(bits),
    }

    const indexer = new BlindIndexer(options, new Keyring([readKey(key)]))

    expect(`\`${indexer.stored(splitList(values).map(readValue))}\``).toBe(index)
  })

  test("have slow ones as every implementation is tested with", () => {
    const published = [...security.matchAll(/^\| (\d+) +\| `([0-9a-f]{32})` +\|$/gm)]

    expect(published.map(([, slow, digest]) => ({ slow: Number(slow), digest }))).toEqual(
      slowIndexVectors,
    )
  })

  test("are those that every implementation is tested with", () => {
    const published = rows.map((cells) => cells[5].replaceAll("`", ""))

    expect(published).toEqual(blindIndexVectors.map(({ digest }) => digest))
    expect([readKey("A"), readKey("B")]).toEqual([VECTOR_KEYS.first, VECTOR_KEYS.second])
  })
})
