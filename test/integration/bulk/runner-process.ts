/**
 * A bulk command in a process of its own. Prints an empty line after each batch, and its report.
 *
 * argv: the command, type and URL of the database, and options in JSON.
 */
import { once } from "node:events"

import { DataSource, type DataSourceOptions } from "typeorm"

import { decryptColumns, encryptColumns, rotateColumns, type BulkOptions } from "../../../src"
import { keyring } from "../../support/keys"
import { patients } from "./patients"

const commands = { encrypt: encryptColumns, rotate: rotateColumns, decrypt: decryptColumns }

async function main(): Promise<void> {
  await once(process.stdin, "data")
  process.stdin.destroy()
  const [command, type, url, options = "{}"] = process.argv.slice(2)
  const source = new DataSource({ type, url } as DataSourceOptions)
  await source.initialize()
  const onProgress = (): void => {
    process.stdout.write("\n")
  }
  const given = JSON.parse(options) as BulkOptions
  const run = commands[command as keyof typeof commands]
  const report = await run(source, patients, { keyring, ...given, onProgress })
  process.stdout.write(JSON.stringify(report))
  await source.destroy()
}

void main()
