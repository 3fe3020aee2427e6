import { afterEach, beforeEach, describe, expect, test } from "@jest/globals"
import { type DataSource, Entity, PrimaryColumn } from "typeorm"

import {
  assertEncryption,
  EncryptedColumn,
  generateKey,
  Keyring,
  TenantKeys,
  withEncryption,
} from "../../src"
import { encryptionHealth } from "../../src/nestjs"
import { boundSource, memorySource } from "../binding/memory-source"
import { keys } from "../support/keys"

@Entity()
class Patient {
  @PrimaryColumn() id!: number
  @EncryptedColumn() ssn!: string
}

const down = (reason: string): object => ({ encryption: { status: "down", reason } })

describe("encryptionHealth", () => {
  let source: DataSource

  beforeEach(async () => {
    source = await boundSource([Patient])
  })

  afterEach(async () => {
    if (source.isInitialized) await source.destroy()
  })

  test("is up while keys are at hand and the database answers", async () => {
    expect(await encryptionHealth(source)).toEqual({ encryption: { status: "up" } })
  })

  test("is up without a tenant, whose keys are had in its work only", async () => {
    const tenants = new TenantKeys(() => keys.first)
    const ofTenants = await withEncryption(memorySource([Patient]), {
      keyring: tenants,
    }).initialize()

    expect(await encryptionHealth(ofTenants)).toEqual({ encryption: { status: "up" } })
    await ofTenants.destroy()
  })

  test("is down once the database does not answer", async () => {
    await source.destroy()

    expect(await encryptionHealth(source)).toEqual(down(expect.any(String) as unknown as string))
  })

  test("is down without keys", async () => {
    const keyless = withEncryption(memorySource([Patient]), {
      lazyKeys: true,
      keyring: () => Promise.reject(new Error("marker 4711")),
    })
    await keyless.initialize()

    expect(await encryptionHealth(keyless)).toEqual(down("ERR_KEY_MISSING"))
    await keyless.destroy()
  })

  test("is down on a DataSource that was not bound", async () => {
    expect(await encryptionHealth(memorySource([]))).toEqual(down("ERR_COLUMN_UNBOUND"))
  })

  test("does the check it is given, under the name it is given", async () => {
    const checked: unknown[] = []
    const check = (dataSource: DataSource): Promise<unknown> =>
      Promise.resolve(checked.push(dataSource))

    const health = await encryptionHealth(source, { key: "cells", check })

    expect(health).toEqual({ cells: { status: "up" } })
    expect(checked).toEqual([source])
  })

  test("is down where nothing answers in time", async () => {
    const check = (): Promise<unknown> => new Promise(() => undefined)

    expect(await encryptionHealth(source, { check, timeout: 1 })).toEqual(down("TimeoutError"))
  })

  test("takes assertEncryption for its check, which no wrong key passes", async () => {
    await source.getRepository(Patient).save({ id: 1, ssn: "078-05-1120" })
    expect(await encryptionHealth(source, { check: assertEncryption })).toEqual({
      encryption: { status: "up" },
    })

    const foreign = new Keyring([generateKey()]).encrypt("078-05-1120")
    await source.query("UPDATE patient SET ssn = ?", [foreign])

    expect(await encryptionHealth(source, { check: assertEncryption })).toEqual(
      down("ERR_CHECK_FAILED"),
    )
  })

  test.each([
    [Object.assign(new Error("marker 4711"), { code: "57P01" }), "57P01"],
    [Object.assign(new Error("marker 4711"), { code: "marker 4711" }), "Error"],
    [Object.assign(new Error("marker 4711"), { code: keys.first }), "Error"],
    [Object.assign(new Error("marker 4711"), { code: 4711 }), "Error"],
    [new TypeError("marker 4711"), "TypeError"],
    ["marker 4711", "Error"],
    [undefined, "Error"],
  ])("shows of %o nothing but %s", async (error, reason) => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as anything may be thrown
    const check = (): Promise<unknown> => Promise.reject(error)

    expect(await encryptionHealth(source, { check })).toEqual(down(reason))
  })
})
