import { afterEach, describe, expect, jest, test } from "@jest/globals"
import { Entity, PrimaryColumn } from "typeorm"

import {
  decryptRaw,
  EncryptedColumn,
  EncryptionError,
  KeyError,
  Keyring,
  withEncryption,
} from "../../src"
import { keyring, keys } from "../support/keys"
import { boundSource, memorySource } from "./memory-source"
import { RecordingLogger } from "./recording-logger"

@Entity()
class Patient {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ nullable: true }) ssn!: string | null
}

afterEach(() => {
  delete process.env.ENCRYPTION_KEY
})

describe("withEncryption", () => {
  test("returns the DataSource it is given, unopened", () => {
    const source = memorySource([Patient])

    expect(withEncryption(source, { keyring })).toBe(source)
    expect(source.isInitialized).toBe(false)
  })

  test("reads the keys of the environment by default", async () => {
    process.env.ENCRYPTION_KEY = keys.first
    const source = await withEncryption(memorySource([Patient])).initialize()
    await source.getRepository(Patient).save({ id: 1, ssn: "078-05-1120" })

    const [{ ssn }] = await source.query<[{ ssn: string }]>("SELECT ssn FROM patient")

    expect(keyring.decryptText(ssn)).toBe("078-05-1120")
  })

  test("refuses a DataSource that is initialized", async () => {
    const source = await memorySource([Patient]).initialize()

    expect(() => withEncryption(source, { keyring })).toThrow(
      "withEncryption() came after initialize(); call it before.",
    )
  })

  test("refuses a DataSource it was given before", () => {
    const source = withEncryption(memorySource([Patient]), { keyring })

    expect(() => withEncryption(source, { keyring })).toThrow(EncryptionError)
    expect(() => withEncryption(source, { keyring })).toThrow("twice with the same DataSource")
  })

  test("leaves other DataSources of the same entities alone", async () => {
    await boundSource([Patient])
    const other = await memorySource([Patient]).initialize()

    await expect(other.getRepository(Patient).insert({ id: 1, ssn: "1" })).rejects.toMatchObject({
      code: "ERR_COLUMN_UNBOUND",
    })
  })
})

describe("initialize() without keys", () => {
  test("is rejected before a statement is sent, and closes the connection", async () => {
    const logger = new RecordingLogger()
    const source = withEncryption(memorySource([Patient], { logger }))

    await expect(source.initialize()).rejects.toBeInstanceOf(KeyError)

    expect(source.isInitialized).toBe(false)
    expect(logger.statements).toEqual([])
  })

  test("can be tried again when there are keys", async () => {
    const source = withEncryption(memorySource([Patient]))
    await expect(source.initialize()).rejects.toMatchObject({ code: "ERR_KEY_MISSING" })
    process.env.ENCRYPTION_KEY = keys.first

    await source.initialize()

    expect(await source.getRepository(Patient).save({ id: 1, ssn: "1" })).toEqual({
      id: 1,
      ssn: "1",
    })
  })

  test("succeeds with lazy keys, and the first value asks for them", async () => {
    const source = withEncryption(memorySource([Patient]), { lazyKeys: true })
    const patients = (await source.initialize()).getRepository(Patient)

    await expect(patients.save({ id: 1, ssn: "1" })).rejects.toMatchObject({
      code: "ERR_KEY_MISSING",
    })
    expect(await patients.save({ id: 2, ssn: null })).toEqual({ id: 2, ssn: null })

    process.env.ENCRYPTION_KEY = keys.first
    expect(await patients.save({ id: 1, ssn: "1" })).toEqual({ id: 1, ssn: "1" })
  })

  test("with lazy keys fails closed on reading", async () => {
    const source = withEncryption(memorySource([Patient]), { lazyKeys: true })
    await source.initialize()
    await source.query("INSERT INTO patient (id, ssn) VALUES (1, 'plain'), (2, NULL)")

    await expect(source.getRepository(Patient).find()).rejects.toBeInstanceOf(KeyError)
  })
})

describe("initialize() after destroy()", () => {
  test("asks for the keys again and binds again", async () => {
    const rings = [new Keyring([keys.first]), new Keyring([keys.second])]
    const source = withEncryption(memorySource([Patient]), { keyring: () => rings.shift() ?? "" })
    await source.initialize()
    await source.destroy()
    await source.initialize()

    await source.getRepository(Patient).save({ id: 1, ssn: "078-05-1120" })
    const [{ ssn }] = await source.query<[{ ssn: string }]>("SELECT ssn FROM patient")

    expect(new Keyring([keys.second]).decryptText(ssn)).toBe("078-05-1120")
  })

  test("refuses a plaintext option it does not know", () => {
    const binding = () => withEncryption(memorySource([Patient]), { plaintext: "ALLOW" as never })

    expect(binding).toThrow("none of")
  })

  test("refuses an option it does not know, with the nearest", () => {
    const binding = () => withEncryption(memorySource([Patient]), { plaintxt: "allow" } as never)

    expect(binding).toThrow(
      "withEncryption() was given an unknown option plaintxt (did you mean plaintext?)",
    )
  })

  test("knows the errors of a keyring from a second copy of the package", async () => {
    let Other: typeof Keyring | undefined
    jest.isolateModules(() => {
      Other = jest.requireActual<{ Keyring: typeof Keyring }>("../../src").Keyring
    })
    const other = new (Other ?? Keyring)([keys.second])
    expect(other).not.toBeInstanceOf(Keyring)
    const source = await boundSource([Patient], { keyring: other })
    const [row] = [{ ssn: keyring.encrypt("078-05-1120") }]

    expect(() => decryptRaw(source, Patient, row)).toThrow("a key that is not in the keyring")
    const failing = boundSource([Patient], { keyring: () => new (Other ?? Keyring)(["bad"]) })
    await expect(failing).rejects.toMatchObject({ code: "ERR_KEY_INVALID" })
  })
})
