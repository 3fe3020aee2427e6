import { inspect } from "node:util"

import { describe, expect, test } from "@jest/globals"

import { type Codec, encryptedColumn, encryptFor } from "../../../src"
import { keyring } from "../../support/keys"
import { boundSource, rejection } from "../memory-source"
import { schema } from "../schema"

interface Patient {
  id: number
  ssn: unknown
}

async function patientsWith(codec: Codec) {
  const entity = schema<Patient>("Patient", { ssn: encryptedColumn({ codec }) })
  const dataSource = await boundSource([entity])
  return { dataSource, entity, patients: dataSource.getRepository(entity) }
}

const failing = (error: () => unknown) => (): never => {
  throw error()
}

/** Whatever a codec makes of a value, or says of it, none of it is in the error. */
async function refusalOf(codec: Partial<Codec>, ssn: unknown): Promise<string> {
  const { patients } = await patientsWith({ encode: String, decode: String, ...codec })

  const errors = [
    await rejection(patients.save({ id: 1, ssn })),
    await rejection(patients.insert({ id: 1, ssn: ssn as string })),
  ]

  for (const error of errors) expect(error).toMatchObject({ code: "ERR_INVALID_VALUE" })
  expect(inspect(errors, { showHidden: true, depth: Infinity })).not.toContain("78051120")
  return errors[0]?.message ?? ""
}

describe("a codec of the application's own", () => {
  const reversed: Codec<string> = {
    encode: (value) => Buffer.from(value).reverse(),
    decode: (plaintext) => Buffer.from(plaintext).reverse().toString(),
  }

  test("decides what is inside the token", async () => {
    const { dataSource, entity, patients } = await patientsWith(reversed)
    await patients.save({ id: 1, ssn: "abc" })

    expect((await patients.findOneByOrFail({ id: 1 })).ssn).toBe("abc")
    expect(keyring.decryptText(encryptFor(dataSource, entity, "ssn", "abc") ?? "")).toBe("cba")
  })

  test("may write bytes, and is given bytes of its own", async () => {
    const seen: Uint8Array[] = []
    const { patients } = await patientsWith({
      encode: () => new Uint8Array([0, 255]).subarray(1),
      decode: (plaintext) => seen.push(plaintext),
    })
    await patients.save({ id: 1, ssn: "any" })

    await patients.findOneByOrFail({ id: 1 })

    expect(seen.map((bytes) => [...bytes])).toEqual([[255]])
  })

  test.each<[kind: string, error: () => unknown, name: string]>([
    ["an Error", () => new TypeError("bad ssn 78051120"), "a TypeError"],
    ["a text", () => "bad ssn 78051120", "something that is no Error"],
  ])("is not quoted when it refuses a value with %s", async (_kind, error, name) => {
    expect(await refusalOf({ encode: failing(error) }, "78051120")).toBe(
      `Patient.ssn: its codec refused the value with ${name}.`,
    )
  })

  test.each<[returned: string, codec: Partial<Codec>, ssn: unknown]>([
    ["a number", { encode: Number as never }, "78051120"],
    ["the value itself", { encode: (value) => value as never }, { no: 78051120 }],
    ["a promise", { encode: ((value: string) => Promise.resolve(value)) as never }, "78051120"],
    ["half a surrogate pair", { encode: () => "78051120\ud83d" }, "78051120"],
    ["nothing", { encode: () => undefined as never }, "78051120"],
  ])("may not encode to %s", async (_returned, codec, ssn) => {
    expect(await refusalOf(codec, ssn)).toBe(
      "Patient.ssn: its codec must encode to well-formed text or a Uint8Array.",
    )
  })

  test.each<[returned: string, canonical: () => unknown]>([
    ["a number", () => 78051120],
    ["an object", () => ({ no: 78051120 })],
    ["an error", failing(() => new Error("78051120"))],
  ])("that compares values as %s counts every save as a change", async (_returned, canonical) => {
    const { patients } = await patientsWith({
      encode: String,
      decode: (plaintext) => Buffer.from(plaintext).toString(),
      canonical: canonical as never,
    })
    await patients.save({ id: 1, ssn: "a" })

    await patients.save({ id: 1, ssn: "b" })

    expect((await patients.findOneByOrFail({ id: 1 })).ssn).toBe("b")
  })

  test("is not quoted when it cannot read a plaintext", async () => {
    const decode = failing(() => new RangeError("bad ssn 78051120"))
    const { patients } = await patientsWith({ encode: String, decode })
    await patients.insert({ id: 1, ssn: "78051120" })

    const error = await rejection(patients.find())

    expect(error).toMatchObject({ code: "ERR_DECRYPTION_FAILED", reason: "malformed" })
    expect(error.message).toMatch(
      /^Patient\.ssn of the row with id 1 .* its codec failed with a RangeError\.$/,
    )
    expect(inspect(error, { showHidden: true, depth: Infinity })).not.toContain("78051120")
  })
})
