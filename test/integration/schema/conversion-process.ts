/**
 * A schema step in a process of its own, which prints an empty line before each of its statements.
 *
 * argv: the options of the DataSource in JSON.
 */
import { once } from "node:events"

import { DataSource, type DataSourceOptions, type QueryRunner } from "typeorm"

import { withEncryption } from "../../../src"
import { keyring } from "../../support/keys"
import { Encrypted } from "./half-converted"

async function main(): Promise<void> {
  await once(process.stdin, "data")
  process.stdin.destroy()
  const options = JSON.parse(process.argv[2] ?? "{}") as DataSourceOptions
  const source = withEncryption(new DataSource({ ...options, entities: [Encrypted] }), {
    keyring,
    plaintext: "allow",
    timestampZone: "UTC",
  })
  await source.initialize()
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
  await source.destroy()
}

void main()
