import { DataSource, type DataSourceOptions, type EntitySchema } from "typeorm"

import { ColumnMisuseError, type EncryptionOptions, withEncryption } from "../../src"
import { keyring } from "../support/keys"

/** An SQLite database in memory whose encrypted columns are not bound yet. */
export function memorySource(
  entities: DataSourceOptions["entities"],
  options: Partial<DataSourceOptions> = {},
): DataSource {
  return new DataSource({
    type: "better-sqlite3",
    database: ":memory:",
    synchronize: true,
    ...options,
    entities,
  } as DataSourceOptions)
}

/** An SQLite database in memory that is bound and initialized. */
export async function boundSource(
  entities: DataSourceOptions["entities"],
  options: EncryptionOptions = { keyring },
): Promise<DataSource> {
  return withEncryption(memorySource(entities), options).initialize()
}

/** What a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error("nothing was rejected")
    },
    (error: unknown) => error as Error,
  )
}

/** The misuse that keeps a DataSource of these entities from starting. */
export async function problemsOf(
  ...entities: (EntitySchema | (new () => object))[]
): Promise<string[]> {
  const source = withEncryption(memorySource(entities), { keyring })
  const error = await rejection(source.initialize())
  if (error instanceof ColumnMisuseError) return [...error.problems]
  throw error
}
