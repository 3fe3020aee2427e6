import { beforeEach, expect, test } from "@jest/globals"
import type { DataSource } from "typeorm"

import { decryptColumns, encryptColumns, Keyring, rotateColumns } from "../../../src"
import { nameTable } from "../../../src/bulk/bulk-target"
import { BatchReader, SharedRange } from "../../../src/bulk/pass/reader"
import { describeTable } from "../../../src/bulk/preflight"
import { openSession } from "../../../src/dialect/session"
import { hastyWorker } from "../../bulk/pass/patient-pass"
import { eachDatabase } from "../../support/databases"
import { keyring, keys } from "../../support/keys"
import { open } from "../stored"
import { newestOnly } from "./newest-only"
import { createPatients, patients, patientSsns } from "./patients"

newestOnly(() => {
  eachDatabase("a bulk command", (db) => {
    let source: DataSource

    beforeEach(async () => {
      source = await db.connect()
    })

    test("takes values of 5 MB among small ones, there and back", async () => {
      const big = ["x".repeat(5_000_000), "é🔒 '\\".repeat(450_000), "small", "y".repeat(5_000_000)]
      await createPatients(
        db,
        big.map((text) => [text, "note"]),
      )

      const encrypted = await encryptColumns(source, patients, { keyring })
      const tokens = await patientSsns(db)
      const rotated = await rotateColumns(source, patients, {
        keyring: new Keyring([keys.second, keys.first]),
      })
      await decryptColumns(source, patients, { keyring: new Keyring([keys.second]) })

      expect(encrypted).toMatchObject({ changed: 4, raced: 0, failed: 0 })
      expect(rotated).toMatchObject({ changed: 4, raced: 0, failed: 0 })
      expect(tokens.every((cell, i) => open(cell) === big[i])).toBe(true)
      expect((await patientSsns(db)).every((cell, i) => cell === big[i])).toBe(true)
    })

    test("takes values of every length about 64 KiB, there and back", async () => {
      const lengths = [5_000, 7_900, 8_100, 10_900, 11_000, 15_900, 16_100, 21_800, 22_000, 65_536]
      const texts = ["x", "é", "漢", "🔒"].flatMap((unit) => lengths.map((n) => unit.repeat(n)))
      await createPatients(
        db,
        texts.map((text) => [text, null]),
      )

      await encryptColumns(source, patients, { keyring })
      const tokens = await patientSsns(db)
      const report = await decryptColumns(source, patients, { keyring })

      expect(tokens.every((cell, i) => open(cell) === texts[i])).toBe(true)
      expect((await patientSsns(db)).every((cell, i) => cell === texts[i])).toBe(true)
      expect(report).toMatchObject({ changed: texts.length, raced: 0, failed: 0 })
    })

    test("looks behind rows that it measured and others deleted before they were read", async () => {
      const text = "x".repeat(3_000_000)
      await createPatients(db, [
        ...Array.from({ length: 3 }, () => [text, null] as const),
        ["small", null],
      ])
      const session = await openSession(source.createQueryRunner(), source.options.type)
      const measure: typeof session.dialect.measure = async (...given) => {
        const sizes = await session.dialect.measure(...given)
        await db.rawRows("DELETE FROM patient WHERE id <= 2")
        return sizes
      }
      const worker = hastyWorker({ ...session, dialect: { ...session.dialect, measure } })
      const { table } = await describeTable(session, nameTable(source, patients), {
        ...{ where: undefined, needsCompanions: true },
      })
      const reader = new BatchReader(worker, {
        ...{ table, filter: "all", batchSize: 5000, longest: 1_000_000 },
      })
      const shared = new SharedRange()
      const seen: unknown[] = []

      for (let read = await shared.take(reader); read; read = await shared.take(reader)) {
        const { batch } = read
        for (let row = 0; row < batch.size; row++) seen.push(Number(batch.primaryKeyAt(row)[0]))
      }

      expect(seen).toEqual([3, 4])
    })

    test("holds a few large values in memory at a time", async () => {
      const text = "x".repeat(1_000_000)
      await createPatients(
        db,
        Array.from({ length: 20 }, () => [text, null] as const),
      )
      const batches: number[] = []

      await encryptColumns(source, patients, {
        keyring,
        concurrency: 1,
        onProgress: ({ phase, done }) => phase === "change" && batches.push(done),
      })

      const sizes = batches.map((done, i) => done - (batches[i - 1] ?? 0))
      expect(Math.max(...sizes)).toBeLessThanOrEqual(9)
      expect(batches.at(-1)).toBe(20)
    })
  })
})
