import { afterEach, describe, expect, test } from "@jest/globals"
import { DataSource, Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn, EncryptionError, KeyError } from "../../src"
import { encryptedDataSource, type EncryptedDataSourceOptions } from "../../src/nestjs"
import { keyring, keys } from "../support/keys"

@Entity()
class Patient {
  @PrimaryColumn() id!: number
  @EncryptedColumn() ssn!: string
}

const database: EncryptedDataSourceOptions = {
  type: "better-sqlite3",
  database: ":memory:",
  entities: [Patient],
  synchronize: true,
}

describe("encryptedDataSource", () => {
  let opened: DataSource | undefined

  /** Goes on as TypeOrmModule does with what it is given. */
  async function open(
    module: ReturnType<typeof encryptedDataSource>,
    ...injected: readonly unknown[]
  ): Promise<DataSource> {
    const options = await module.useFactory(...injected)
    opened = await module.dataSourceFactory(options as DataSource["options"])
    return opened.initialize()
  }

  async function storedSsn(source: DataSource): Promise<string> {
    await source.getRepository(Patient).save({ id: 1, ssn: "078-05-1120" })
    const [{ ssn }] = await source.query<[{ ssn: string }]>("SELECT ssn FROM patient")
    return ssn
  }

  afterEach(async () => {
    if (opened?.isInitialized) await opened.destroy()
    opened = undefined
  })

  test("binds the keys that its factory makes of what is injected", async () => {
    const module = encryptedDataSource({
      inject: ["configuration"],
      useFactory: (key: string) => ({ ...database, encryption: { keyring: () => key } }),
    })

    const source = await open(module, keys.first)

    expect(module.inject).toEqual(["configuration"])
    expect(keyring.decryptText(await storedSsn(source))).toBe("078-05-1120")
  })

  test("gives TypeORM no options of the encryption", async () => {
    const module = encryptedDataSource({
      useFactory: () => ({ ...database, encryption: { keyring } }),
    })

    const source = await open(module)

    expect(source.options).not.toHaveProperty("encryption")
  })

  test("reads the keys of the environment where the factory names none", async () => {
    process.env.ENCRYPTION_KEY = keys.first
    const source = await open(encryptedDataSource({ useFactory: () => database }))
    delete process.env.ENCRYPTION_KEY

    expect(keyring.decryptText(await storedSsn(source))).toBe("078-05-1120")
  })

  test("binds the DataSource that another factory makes", async () => {
    const own = new DataSource({ ...database } as DataSource["options"])
    const module = encryptedDataSource({
      useFactory: () => ({ ...database, encryption: { keyring } }),
      dataSourceFactory: () => Promise.resolve(own),
    })

    expect(await open(module)).toBe(own)
    expect(await storedSsn(own)).toMatch(/^gAAAAA/)
  })

  test("asks a class for the options by the name of the DataSource, and provides it", async () => {
    class Options {
      createTypeOrmOptions(name?: string): EncryptedDataSourceOptions {
        return { ...database, extra: name, encryption: { keyring } }
      }
    }

    const module = encryptedDataSource({ name: "archive", useClass: Options })
    const existing = encryptedDataSource({ name: "archive", useExisting: Options })

    expect(module.inject).toEqual([Options])
    expect(module.extraProviders).toEqual([{ provide: Options, useClass: Options }])
    expect(existing).toMatchObject({ inject: [Options], extraProviders: [] })
    expect(await module.useFactory(new Options())).toMatchObject({ name: "archive" })
    expect((await open(module, new Options())).options).toHaveProperty("extra", "archive")
  })

  test("keeps modules and providers beside its own", () => {
    const module = encryptedDataSource({
      imports: ["module"],
      extraProviders: ["provider"],
      useFactory: () => database,
    })

    expect(module).toMatchObject({ imports: ["module"], extraProviders: ["provider"] })
  })

  test("refuses options that nothing makes", () => {
    expect(() => encryptedDataSource({ name: "archive" })).toThrow(
      new TypeError("encryptedDataSource() takes a useFactory, a useClass or a useExisting."),
    )
  })

  test("has no name where it was given none", async () => {
    const module = encryptedDataSource({ useFactory: () => database })

    expect(module).not.toHaveProperty("name")
    expect(await module.useFactory()).not.toHaveProperty("name")
  })

  test.each([
    [new KeyError("ERR_KEY_MISSING", ""), false],
    [new EncryptionError("ERR_COLUMN_MISUSE", ""), false],
    [new EncryptionError("ERR_SEAM_BROKEN", ""), false],
    [new EncryptionError("ERR_CHECK_FAILED", ""), false],
    [new EncryptionError("ERR_STATEMENT_FAILED", ""), true],
    [Object.assign(new Error(), { code: "ECONNREFUSED" }), true],
  ])("has %o tried again: %s", async (error, expected) => {
    const { toRetry } = await encryptedDataSource({ useFactory: () => database }).useFactory()

    expect(toRetry?.(error)).toBe(expected)
  })

  test("lets the application refuse to try again, and never insist on it", async () => {
    const refusing = { useFactory: () => ({ ...database, toRetry: () => false }) }
    const insisting = { useFactory: () => ({ ...database, toRetry: () => true }) }

    const refused = await encryptedDataSource(refusing).useFactory()
    const insisted = await encryptedDataSource(insisting).useFactory()

    expect(refused.toRetry?.(new Error())).toBe(false)
    expect(insisted.toRetry?.(new Error())).toBe(true)
    expect(insisted.toRetry?.(new KeyError("ERR_KEY_MISSING", ""))).toBe(false)
  })
})
