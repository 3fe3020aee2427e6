/**
 * A schema step in a process of its own, which prints an empty line before each of its statements.
 *
 * argv: the options of the DataSource in JSON; and the statements of a migration in JSON, if it is to
 * run these, in a transaction where the database has such for them.
 */
import { once } from "node:events"

import { DataSource, type DataSourceOptions, type QueryRunner } from "typeorm"

import { withEncryption } from "../../../src"
import { keyring } from "../../support/keys"
import { EncryptedInTime } from "./half-converted"

async function main(): Promise<void> {
  await once(process.stdin, "data")
  process.stdin.destroy()
  const options = JSON.parse(process.argv[2] ?? "{}") as DataSourceOptions
  const source = withEncryption(new DataSource({ ...options, entities: [EncryptedInTime] }), {
    keyring,
    plaintext: "allow",
    timestampZone: "UTC",
  })
  await source.initialize()
  const migration = JSON.parse(process.argv[3] ?? "null") as readonly string[] | null
  await (migration ? migrate(source, migration) : synchronize(source))
  await source.destroy()
}

async function migrate(source: DataSource, statements: readonly string[]): Promise<void> {
  const runner = source.createQueryRunner()
  await runner.startTransaction()
  for (const statement of statements) {
    process.stdout.write("\n")
    await runner.query(statement)
  }
  await runner.commitTransaction()
  await runner.release()
}

async function synchronize(source: DataSource): Promise<void> {
  const createQueryRunner = source.driver.createQueryRunner.bind(source.driver)
  source.driver.createQueryRunner = (mode) => {
    const runner: QueryRunner = createQueryRunner(mode)
    const query = runner.query.bind(runner)
    runner.query = ((sql: string, ...rest: []) => {
      if (
        /^(?:SET STATEMENT|SET @|PREPARE|EXECUTE|ALTER|INSERT|DROP|CREATE TABLE|COMMIT|SELECT set_config)/.test(
          sql,
        )
      ) {
        process.stdout.write("\n")
      }
      return query(sql, ...rest)
    }) as QueryRunner["query"]
    return runner
  }
  await source.synchronize()
}

void main()
