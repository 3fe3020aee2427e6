import { PassThrough } from "node:stream"

import { describe, expect, test } from "@jest/globals"

import { stringCodec } from "../../src/column/scalar-codecs"
import { requireConsent } from "../../src/cli/consent"
import { UsageError } from "../../src/cli/exit-code"

const table = {
  name: "patient",
  columns: [
    { name: "ssn", label: "Patient.ssn", codec: stringCodec, readers: [], phase: undefined },
  ],
}

function answer(text: string, isTTY = true): Promise<void> {
  const input = Object.assign(new PassThrough(), { isTTY })
  input.write(`${text}\n`)
  return requireConsent(table, { input, output: new PassThrough() })
}

describe("requireConsent", () => {
  test.each(["y", "patient"])("takes %s for a yes", async (text) => {
    await expect(answer(text)).resolves.toBeUndefined()
  })

  test.each(["", "n", "yes please", "visit"])("takes %j for a no", async (text) => {
    await expect(answer(text)).rejects.toThrow("Nothing was decrypted.")
  })

  test("cannot ask without a terminal", async () => {
    await expect(answer("y", false)).rejects.toThrow(UsageError)
  })
})
