import { tracingChannel } from "node:diagnostics_channel"

import { expect, test } from "@jest/globals"
import { Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn, encryptColumns, generateKey, reloadKeys } from "../../../src"
import { keyring } from "../../support/keys"
import { boundSource, rejection } from "../memory-source"

@Entity()
class Patient {
  @PrimaryColumn("int") id!: number
  @EncryptedColumn() ssn!: string
}

type Traced = readonly [step: string, context: object]

/** Returns what a tracing channel is told of work. */
async function trace(name: string, work: () => Promise<unknown>): Promise<Traced[]> {
  const told: Traced[] = []
  const listeners = {
    start: (context: object) => told.push(["start", { ...context }]),
    end: () => undefined,
    asyncStart: () => undefined,
    asyncEnd: (context: object) => told.push(["end", context]),
    error: (context: object) => told.push(["error", context]),
  }
  const channel = tracingChannel(`typeorm-fernet:${name}`)
  channel.subscribe(listeners)
  await work()
  channel.unsubscribe(listeners)
  return told
}

test("each batch of bulk work is traced", async () => {
  const dataSource = await boundSource([Patient], { keyring, plaintext: "allow" })
  await dataSource.query("INSERT INTO patient VALUES (1, 'a'), (2, 'b'), (3, 'c')")

  const told = await trace("bulk.batch", () =>
    encryptColumns(dataSource, Patient, { batchSize: 2, audit: false }),
  )

  const batch = (rows: number) => ({ columns: ["Patient.ssn"], rows, dryRun: false })
  expect(told.filter(([step]) => step === "start")).toEqual([
    ["start", batch(2)],
    ["start", batch(1)],
  ])
  expect(told.filter(([step]) => step === "end")).toHaveLength(2)
  await dataSource.destroy()
})

test("keys that are fetched again are traced, and what keeps them from it", async () => {
  let keys: string[] = [generateKey()]
  const dataSource = await boundSource([Patient], {
    keyring: () => Promise.resolve(keys),
    refreshKeys: { every: 300 },
  })

  const reloaded = await trace("keys.reload", () => reloadKeys(dataSource, { forget: true }))
  keys = []
  const failed = await trace("keys.reload", () => rejection(reloadKeys(dataSource)))

  expect(reloaded).toMatchObject([
    ["start", { forget: true }],
    ["end", { forget: true }],
  ])
  expect(failed).toMatchObject([
    ["start", { forget: false }],
    ["error", { error: { code: "ERR_KEY_MISSING" } }],
    ["end", {}],
  ])
  await dataSource.destroy()
})
