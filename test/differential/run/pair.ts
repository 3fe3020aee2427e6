import { DataSource, type DataSourceOptions } from "typeorm"

import { Keyring, withEncryption } from "../../../src"
import { RecordingLogger } from "../../support/recording-logger"
import type { Speaker } from "../cases/speaker"
import { encryptedSchemas, plainSchemas } from "../model/schemas"
import type { Variant } from "../model/variants"
import { Tables } from "../stored/tables"
import type { World } from "../stored/world"

/** One model in its database. */
export interface Side extends Speaker {
  readonly tables: Tables
}

/** A variant's two models, with the same rows. */
export class Pair {
  readonly variant: Variant
  readonly plain: Side
  readonly encrypted: Side
  /** What the encrypted model sent to the database. */
  readonly log: RecordingLogger

  private constructor(
    variant: Variant,
    plain: DataSource,
    encrypted: DataSource,
    log: RecordingLogger,
  ) {
    const tables = new Tables(encrypted, variant, true)
    const token: Speaker["token"] = (...at) => tables.cell(...at)
    this.variant = variant
    this.log = log
    this.encrypted = { encrypts: true, dataSource: encrypted, tables, token }
    this.plain = {
      encrypts: false,
      dataSource: plain,
      tables: new Tables(plain, variant, false),
      token,
    }
  }

  /** Opens a variant's two models, each with tables of its own. */
  static async open(variant: Variant, connection: DataSourceOptions): Promise<Pair> {
    const log = new RecordingLogger()
    const { name, keys, indexKeys, legacy, nulls } = variant
    const common = { ...connection, synchronize: true, invalidWhereValuesBehavior: nulls }
    const plain = new DataSource({
      ...common,
      entityPrefix: `${name}_plain_`,
      entities: plainSchemas(variant, connection.type),
    } as DataSourceOptions)
    const options = {
      ...common,
      entityPrefix: `${name}_`,
      entities: encryptedSchemas(variant, connection.type),
      logging: "all",
      logger: log,
    } as DataSourceOptions
    const encrypted = withEncryption(new DataSource(options), {
      keyring: new Keyring(keys),
      blindIndexKeyring: new Keyring(indexKeys),
      plaintext: legacy ? "allow" : "reject",
    })
    const pair = new Pair(variant, await plain.initialize(), await encrypted.initialize(), log)
    return pair
  }

  /** Fills both with the rows of a world. */
  async load(world: World): Promise<void> {
    await this.plain.tables.load(world)
    await this.encrypted.tables.load(world)
  }

  /** Undoes every change of both. */
  async reset(): Promise<void> {
    await this.plain.tables.reset()
    await this.encrypted.tables.reset()
  }

  /** Closes both. */
  async close(): Promise<void> {
    await this.plain.dataSource.destroy()
    await this.encrypted.dataSource.destroy()
  }
}
