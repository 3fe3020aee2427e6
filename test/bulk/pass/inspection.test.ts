import { describe, expect, test } from "@jest/globals"

import { generateKey } from "../../../src"
import { nameTable } from "../../../src/bulk/bulk-target"
import { Inspection } from "../../../src/bulk/pass/inspection"
import { Keyring } from "../../../src/fernet/keyring"
import { memorySource } from "../../binding/memory-source"
import { forgeToken } from "../../fernet/reference"
import { keys } from "../../support/keys"

const ring = new Keyring([keys.second, keys.first])
const [second = "", first = ""] = ring.fingerprints
const older = new Keyring([keys.first])
const [column] = nameTable(memorySource([]), { table: "patient", columns: { ssn: {} } }).columns

function oldestOf(...batches: readonly (readonly (string | null)[])[]): unknown {
  const inspection = new Inspection()
  for (const cells of batches) {
    if (!column) throw new Error("there is no column")
    inspection.job.decide(cells, column, ring, () => [])
  }
  return inspection.oldest
}

describe("the oldest tokens", () => {
  test("are those under each key, of all batches", () => {
    const batches = [
      [ring.encryptAtTime("a", 1_700_000_000), older.encryptAtTime("a", 1_600_000_000), null],
      ["plain", ring.encryptAtTime("b", 1_500_000_000), older.encryptAtTime("b", 1_650_000_000)],
    ]

    expect(oldestOf(...batches)).toEqual({
      "patient.ssn": { [second]: "2017-07-14T02:40:00.000Z", [first]: "2020-09-13T12:26:40.000Z" },
    })
  })

  test("are none that no key opens, and none of a time beyond all dates", () => {
    const cells = [
      new Keyring([generateKey()]).encryptAtTime("a", 0),
      forgeToken(keys.second, Buffer.alloc(16), 2n ** 52n),
    ]

    expect(oldestOf(cells)).toEqual({ "patient.ssn": {} })
  })
})
