/**
 * A bulk command in a process of its own. Prints an empty line after each batch, and its report.
 *
 * argv: a {@link ProcessRun} in JSON.
 */
import { once } from "node:events"

import { DataSource, type DataSourceOptions } from "typeorm"

import {
  type BulkOptions,
  decryptColumns,
  encryptColumns,
  Keyring,
  rotateColumns,
  type TableDescription,
} from "../../src"
import type { Place } from "./independent/store"

/** What to run, and where. */
export interface ProcessRun {
  readonly command: "decrypt" | "encrypt" | "rotate"
  readonly place: Place
  readonly keys: readonly string[]
  readonly target: TableDescription
  readonly options?: BulkOptions
}

const commands = { encrypt: encryptColumns, rotate: rotateColumns, decrypt: decryptColumns }

async function main(): Promise<void> {
  await once(process.stdin, "data")
  process.stdin.destroy()
  const { command, place, keys, target, options } = JSON.parse(process.argv[2] ?? "") as ProcessRun
  const source = await new DataSource(place as DataSourceOptions).initialize()
  const onProgress = (): void => {
    process.stdout.write("\n")
  }
  const keyring = new Keyring([...keys])
  const report = await commands[command](source, target, { ...options, keyring, onProgress })
  process.stdout.write(JSON.stringify(report))
  await source.destroy()
}

void main()
