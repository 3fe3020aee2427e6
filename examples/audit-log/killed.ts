/** Records without end, and says how far it is: for a test that ends it. */
import { DataSource, type DataSourceOptions } from "typeorm"

import { FolderAnchor } from "./anchor.ts"
import { AuditEntry } from "./audit-entry.ts"
import { AuditLog } from "./audit-log.ts"

const [options = "{}", key = "", folder = ""] = process.argv.slice(2)
const given = JSON.parse(options) as DataSourceOptions
const dataSource = await new DataSource({ ...given, entities: [AuditEntry] }).initialize()
const anchor = new FolderAnchor(folder)
const log = new AuditLog({ dataSource, key: Buffer.from(key, "hex"), anchor, batchSize: 5 })
for (let i = 0; ; i++) {
  await log.recordBefore({ event: "reveal", actor: "job", details: { i } })
  process.stdout.write(`${i}\n`)
  for (let more = 0; more < 20; more++) log.record({ event: "decrypt", details: { i, more } })
}
