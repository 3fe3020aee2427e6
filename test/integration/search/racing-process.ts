/**
 * Takes the same 200 e-mail addresses in two tenants as another process does, in an order of its
 * own. Prints how many it got.
 *
 * argv: the options of the database in JSON.
 */
import { once } from "node:events"

import { DataSource, type DataSourceOptions } from "typeorm"

import { withEncryption } from "../../../src"
import { keyring } from "../../support/keys"
import { Seat } from "./tenants"

async function main(): Promise<void> {
  const given = JSON.parse(process.argv[2] ?? "{}") as DataSourceOptions
  const source = new DataSource({ ...given, entities: [Seat] })
  await withEncryption(source, { keyring, plaintext: "allow" }).initialize()
  await once(process.stdin, "data")
  process.stdin.destroy()
  process.stdout.write("\n")
  const wanted = Array.from({ length: 200 }, (_, i) => ({ tenantId: i % 2, email: `${i >> 1}@x` }))
  const result = { won: 0, lost: 0 }
  for (const seat of wanted) {
    try {
      await source.manager.insert(Seat, { ...seat })
      result.won++
    } catch (error) {
      if (!/unique|duplicate/i.test(String(error))) throw error
      result.lost++
    }
  }
  process.stdout.write(JSON.stringify(result))
  await source.destroy()
}

void main()
