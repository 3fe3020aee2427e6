import { randomBytes } from "node:crypto"

import { expect, test } from "@jest/globals"
import { Column, type DataSource, Entity, PrimaryColumn } from "typeorm"
import { EncryptionTransformer } from "typeorm-encrypted"

import {
  EncryptedColumn,
  encryptColumns,
  inspectColumns,
  readTypeormEncrypted,
  withEncryption,
} from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring } from "../support/keys"
import { rounds } from "./rounds"

const old = { key: randomBytes(32).toString("hex"), algorithm: "aes-256-cbc", ivLength: 16 }

@Entity("patient")
class OldPatient {
  @PrimaryColumn({ type: "int" }) id!: number
  @Column({ type: "text", transformer: new EncryptionTransformer(old) }) ssn!: string
}

@Entity("patient")
class Patient {
  @PrimaryColumn({ type: "int" }) id!: number
  @EncryptedColumn({ legacy: readTypeormEncrypted(old) }) ssn!: string
}

/** 100,000 in 50 rounds. */
const rows = 2_000 * rounds
const ROWS_IN_A_STATEMENT = 500
const marker = "MARKER"

async function fill({ manager }: DataSource): Promise<void> {
  for (let first = 1; first <= rows; first += ROWS_IN_A_STATEMENT) {
    const ids = Array.from({ length: ROWS_IN_A_STATEMENT }, (_, i) => first + i)
    await manager.insert(
      OldPatient,
      ids.map((id) => ({ id, ssn: `${marker} ${id}` })),
    )
  }
}

/** Writes and reads rows that are at hand until it is told to stop. Returns what it wrote last. */
async function writeUntil({ manager }: DataSource, isOver: () => boolean) {
  const written = new Map<number, string>()
  for (let writes = 1; !isOver() || writes <= 50; writes++) {
    const id = 1 + Math.floor(Math.random() * rows)
    const patient = await manager.findOneByOrFail(Patient, { id })
    expect(patient.ssn).toBe(written.get(id) ?? `${marker} ${id}`)
    const ssn = `${marker} ${id}.${writes}`
    if (writes % 2 === 0) await manager.save(Object.assign(patient, { ssn }))
    else await manager.update(Patient, { id }, { ssn })
    written.set(id, ssn)
  }
  return written
}

eachDatabase("a table of typeorm-encrypted that is in use", (db) => {
  test(`is taken over with ${rows} rows, while the application writes`, async () => {
    await db.dropAllTables()
    const before = await db.connect({ entities: [OldPatient], synchronize: true })
    await fill(before)
    const source = await db.connect({ entities: [Patient] }, (unbound) =>
      withEncryption(unbound, { keyring, plaintext: "allow" }),
    )
    const [legacy] = Object.values((await inspectColumns(source, Patient)).columns)
    expect(legacy?.after).toMatchObject({ legacy: rows, plaintext: 0 })

    let isOver = false
    const writing = writeUntil(source, () => isOver)
    const report = await encryptColumns(source, Patient, { trustLegacy: true, batchSize: 200 })
    isOver = true
    const written = await writing

    expect(report).toMatchObject({ completed: true, failed: 0 })
    const strict = await db.connect({ entities: [Patient] }, (unbound) =>
      withEncryption(unbound, { keyring }),
    )
    const patients = await strict.manager.find(Patient)
    expect(patients).toHaveLength(rows)
    const wrong = patients.filter(({ id, ssn }) => ssn !== (written.get(id) ?? `${marker} ${id}`))
    expect(wrong).toEqual([])
    const stored = await db.rawRows("SELECT ssn FROM patient")
    expect(stored.filter(({ ssn }) => !String(ssn).startsWith("gAAAAA"))).toEqual([])
  })
})
