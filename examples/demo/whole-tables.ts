import type { DataSource } from "typeorm"

import {
  type BulkOptions,
  type BulkReport,
  encryptColumns,
  generateKey,
  Keyring,
  reloadKeys,
  rotateColumns,
} from "typeorm-fernet"
import { openDisplay } from "../../src/cli/progress-display"
import type { DemoKeys } from "./open-database"
import { Patient } from "./patient"
import { asCell, asShortCell, printStep, printTable } from "./print"
import { insertPlaintext, Visitor, visitorCount, visitorTable } from "./visitor"

const count = visitorCount.toLocaleString("en-US")
const sought = `Visitor${visitorCount - 1}@example.com`

/** Encrypts a table that is in use. */
export async function showEncryption(dataSource: DataSource, signal: AbortSignal): Promise<void> {
  await insertPlaintext(dataSource)
  await printStep(`5. A table of ${count} rows in plaintext, encrypted in place: column:encrypt`)
  const before = await rowOf(dataSource)
  const report = await withBar("encrypting visitor", signal, (options) =>
    encryptColumns(dataSource, Visitor, options),
  )
  const after = await rowOf(dataSource)
  console.log()
  printTable([
    ["column", "before", "after"],
    ...Object.keys(after).map((name) => [name, asCell(before[name]), asCell(after[name])]),
  ])
  printTime(report)
  await printSearch(dataSource)
}

/** Moves both tables to a new key, and takes the old one away. */
export async function showRotation(
  dataSource: DataSource,
  keys: DemoKeys,
  signal: AbortSignal,
): Promise<void> {
  await printStep("6. A new key before the old one, and every token under it: column:rotate")
  const before = await rowOf(dataSource)
  keys.unshift(generateKey())
  await reloadKeys(dataSource, { forget: true })
  await withBar("rotating patient", signal, (options) =>
    rotateColumns(dataSource, Patient, options),
  )
  const report = await withBar("rotating visitor", signal, (options) =>
    rotateColumns(dataSource, Visitor, options),
  )
  const after = await rowOf(dataSource)
  const [, old] = new Keyring(keys).fingerprints
  keys.pop()
  await reloadKeys(dataSource, { forget: true })
  console.log()
  printTable([
    ["column", "under the old key", "under the new key"],
    ...Object.keys(after).map((name) => [
      name,
      asShortCell(before[name]),
      asShortCell(after[name]),
    ]),
  ])
  printTime(report)
  const [now] = new Keyring(keys).fingerprints
  console.log(`  The key ${old} is taken away; everything opens under ${now}.`)
  await printSearch(dataSource)
}

/** Runs bulk work with the bar of the command, or its lines where there is no terminal. */
async function withBar(
  title: string,
  signal: AbortSignal,
  run: (options: BulkOptions) => Promise<BulkReport>,
): Promise<BulkReport> {
  const [doing = "", table = ""] = title.split(" ")
  const display = openDisplay(process.stdout, doing, false)
  try {
    const report = await run({
      signal,
      onProgress: (progress) => {
        display.show({ ...progress, table })
      },
    })
    signal.throwIfAborted()
    if (report.failed > 0) throw new Error(`${report.failed} cells of the demo are left.`)
    return report
  } finally {
    display.close()
  }
}

function printTime({ changed, seconds }: BulkReport): void {
  console.log(`\n  ${changed.toLocaleString("en-US")} rows in ${seconds.toFixed(1)} s.`)
}

async function printSearch(dataSource: DataSource): Promise<void> {
  const { id } = await dataSource.getRepository(Visitor).findOneByOrFail({ email: sought })
  console.log(`  visitors.findOneBy({ email: "${sought}" }) finds row ${id}.`)
}

async function rowOf(dataSource: DataSource): Promise<Record<string, unknown>> {
  const rows: Record<string, unknown>[] = await dataSource.query(
    `SELECT email, email_bidx, phone FROM ${visitorTable} WHERE id = 1`,
  )
  return rows[0] ?? {}
}
