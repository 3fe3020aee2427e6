import "reflect-metadata"

import assert from "node:assert/strict"
import { createRequire } from "node:module"
import { join } from "node:path"
import { afterEach, beforeEach, describe, test } from "node:test"

import { Module } from "@nestjs/common"
import { ConfigService } from "@nestjs/config"
import { Test, type TestingModule } from "@nestjs/testing"
import { getDataSourceToken, TypeOrmModule } from "@nestjs/typeorm"
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { EncryptedColumn, generateKey, Keyring } from "typeorm-fernet"
import { encryptedDataSource, type EncryptedDataSourceOptions } from "typeorm-fernet/nestjs"

import { AppModule } from "./app.module.js"
import { ArchiveModule } from "./archive.module.js"
import { Patient } from "./patient.js"
import { PatientsController } from "./patients.module.js"

const [key, archiveKey] = [generateKey(), generateKey()]

/** The column as it is stored, in its first row. */
async function storedBy(dataSource: DataSource): Promise<string> {
  const [row] = await dataSource.query("SELECT ssn FROM patient")
  return row.ssn
}

test("this is the Nest of the package's dependencies", () => {
  const here = createRequire(join(process.cwd(), "built", "app.test.js"))
  const { version } = here("@nestjs/common/package.json") as { readonly version: string }
  const { dependencies } = here("../package.json") as { readonly dependencies: object }
  const asked = (dependencies as Record<string, string>)["@nestjs/common"]

  assert.equal(`^${version.split(".")[0]}`, asked?.split(".")[0])
})

describe("an application", () => {
  let application: TestingModule

  beforeEach(() => {
    process.env.ENCRYPTION_KEY = key
    process.env.ARCHIVE_KEY = archiveKey
  })

  afterEach(() => application.close())

  test("stores tokens under the key of its configuration, with its entities loaded by Nest", async () => {
    application = await Test.createTestingModule({ imports: [AppModule] }).compile()
    const patients = application.get(PatientsController)

    await patients.create({ ssn: "078-05-1120" })

    assert.equal((await patients.list())[0]?.ssn, "078-05-1120")
    const stored = await storedBy(application.get(DataSource))
    assert.equal(new Keyring([key]).decryptText(stored), "078-05-1120")
  })

  test("has several DataSources, each under keys of its own", async () => {
    application = await Test.createTestingModule({ imports: [AppModule, ArchiveModule] }).compile()
    const archive = application.get<DataSource>(getDataSourceToken("archive"))

    for (const dataSource of [application.get(DataSource), archive]) {
      await dataSource.getRepository(Patient).save({ ssn: "078-05-1120" })
      const found = await dataSource.getRepository(Patient).findOneBy({ ssn: "078-05-1120" })
      assert.equal(found?.ssn, "078-05-1120")
    }

    assert.equal(new Keyring([archiveKey]).decryptText(await storedBy(archive)), "078-05-1120")
    const stored = await storedBy(application.get(DataSource))
    assert.equal(new Keyring([key]).decryptText(stored), "078-05-1120")
  })

  test("is tested under a key of the test", async () => {
    // #region testing
    const testKey = generateKey()
    const config = new ConfigService({ ENCRYPTION_KEY: testKey })
    application = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(ConfigService)
      .useValue(config)
      .compile()
    // #endregion
    delete process.env.ENCRYPTION_KEY

    await application.get(PatientsController).create({ ssn: "078-05-1120" })

    const stored = await storedBy(application.get(DataSource))
    assert.equal(new Keyring([testKey]).decryptText(stored), "078-05-1120")
  })
})

describe("the start of an application", () => {
  const told: string[] = []

  beforeEach(() => {
    told.length = 0
  })

  const tell = (message: string) => told.push(message)
  const logger = { log: tell, error: tell, warn: tell }

  /** Starts one, and returns what it ended with and how often that was tried. */
  async function start(
    options: EncryptedDataSourceOptions,
    attempt = async (given: unknown) => new DataSource(given as never),
  ): Promise<{ readonly attempts: number; readonly code: unknown }> {
    let attempts = 0
    const module = TypeOrmModule.forRootAsync(
      encryptedDataSource({
        useFactory: () =>
          ({ type: "sqljs", retryDelay: 0, ...options }) as EncryptedDataSourceOptions,
        dataSourceFactory: (given) => {
          attempts++
          return attempt(given)
        },
      }),
    )
    const starting = Test.createTestingModule({ imports: [module] }).setLogger(logger)
    const ended = await starting.compile().then(
      async (application) => {
        await application.close()
        return undefined
      },
      (error: unknown) => error,
    )
    return { attempts, code: (ended as { readonly code?: unknown } | undefined)?.code }
  }

  @Entity()
  class Misused {
    @PrimaryGeneratedColumn()
    id!: number

    @EncryptedColumn({ unique: true } as object)
    ssn!: string

    @Column({ type: "text" })
    name!: string
  }

  const noKey = () => Promise.reject(new Error("unreachable"))

  test("is not tried again without a key, or with a model that cannot work", async () => {
    const keyring = new Keyring([key])

    const keyless = await start({ encryption: { keyring: noKey } })
    const misused = await start({ entities: [Misused], encryption: { keyring } })

    assert.deepEqual(keyless, { attempts: 1, code: "ERR_KEY_MISSING" })
    assert.deepEqual(misused, { attempts: 1, code: "ERR_COLUMN_MISUSE" })
    assert.doesNotMatch(told.join("\n"), /Unable to connect/)
  })

  test("is tried again while the database cannot be reached", async () => {
    const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" })
    let refusals = 0

    const started = await start({ encryption: { keyring: new Keyring([key]) } }, async (given) => {
      if (++refusals < 3) throw refused
      return new DataSource(given as never)
    })

    assert.deepEqual(started, { attempts: 3, code: undefined })
    assert.match(told.join("\n"), /Unable to connect/)
  })

  test("asks the application whether to try again", async () => {
    const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" })
    const asked: unknown[] = []
    const toRetry = (error: unknown) => {
      asked.push(error)
      return false
    }

    const ended = await start({ toRetry }, () => Promise.reject(refused))
    await start({ toRetry, encryption: { keyring: noKey } })

    assert.deepEqual(ended, { attempts: 1, code: "ECONNREFUSED" })
    assert.deepEqual(asked, [refused])
  })

  test("leaves a DataSource for the application to initialize", async () => {
    const started = await start({ manualInitialization: true, encryption: { keyring: noKey } })

    assert.deepEqual(started, { attempts: 1, code: undefined })
  })
})

describe("a class that makes the options", () => {
  class Options {
    createTypeOrmOptions(name?: string): EncryptedDataSourceOptions {
      const encryption = { keyring: new Keyring([key]) }
      const schema = { entities: [Patient], synchronize: true }
      return { type: "sqljs", extra: name, ...schema, encryption } as EncryptedDataSourceOptions
    }
  }

  @Module({ providers: [Options], exports: [Options] })
  class OptionsModule {}

  const forms = {
    useClass: () => encryptedDataSource({ name: "archive", useClass: Options }),
    useExisting: () => {
      const imports = [OptionsModule]
      return encryptedDataSource({ name: "archive", imports, useExisting: Options })
    },
  }

  for (const [form, options] of Object.entries(forms)) {
    test(`is taken by ${form}, and told the name`, async () => {
      const imports = [TypeOrmModule.forRootAsync(options())]
      const application = await Test.createTestingModule({ imports }).compile()
      const dataSource = application.get<DataSource>(getDataSourceToken("archive"))

      await dataSource.getRepository(Patient).save({ ssn: "078-05-1120" })

      assert.match(await storedBy(dataSource), /^gAAAAA/)
      assert.equal(dataSource.options.extra, "archive")
      assert.ok(!("encryption" in dataSource.options))
      await application.close()
    })
  }
})
