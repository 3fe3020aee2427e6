import { describe, expect, test } from "@jest/globals"
import { Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn, withEncryption } from "../../../src"

import { BoundColumn } from "../../../src/binding/columns/bound-column"
import { noteCompared } from "../../../src/binding/columns/compared-value"
import { propertyOfOperand } from "../../../src/binding/columns/comparison-operand"
import { Keys } from "../../../src/binding/keys/keys"
import type { EncryptedColumnDeclaration } from "../../../src/column/declaration"
import { keyring } from "../../support/keys"
import { memorySource } from "../memory-source"
import { RecordingLogger } from "../recording-logger"

@Entity()
class Visit {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ codec: "date" }) from!: Date
  @EncryptedColumn({ codec: "date", blindIndex: { with: ["from"] } }) until!: Date
}

function column(declaration: EncryptedColumnDeclaration = {}): BoundColumn {
  const scheme = { property: "Patient.ssn", phase: "reject" as const, tokenLimit: undefined }
  return new BoundColumn({ ...scheme, declaration }, new Keys(() => keyring, true))
}

/** What TypeORM does with the value of an entity and the stored one, in its order. */
function compare(bound: BoundColumn, value: unknown, stored: unknown): [unknown, unknown] {
  noteCompared(bound, value)
  const operand = bound.toStored(stored)
  return [bound.to(value), operand]
}

describe("the value of an entity and the one that is stored", () => {
  test.each<[kind: string, declaration: EncryptedColumnDeclaration, () => unknown]>([
    ["texts", {}, () => "078-05-1120"],
    ["empty texts", {}, () => ""],
    ["bytes", { codec: "bytes" }, () => Buffer.from([1, 2])],
    ["dates", { codec: "date" }, () => new Date(7)],
    ["objects", { codec: "json" }, () => ({ a: [1] })],
  ])("are given one operand that equals no other: %s", (_kind, declaration, make) => {
    const bound = column(declaration)

    const [first, stored] = compare(bound, make(), make())
    const [second] = compare(bound, make(), make())

    expect(first).toBe(stored)
    expect(propertyOfOperand(first as string)).toBe("Patient.ssn")
    expect(second).not.toBe(first)
  })

  test.each<[kind: string, declaration: EncryptedColumnDeclaration, unknown, unknown]>([
    ["texts", {}, "078", "079"],
    ["bytes", { codec: "bytes" }, Buffer.from([1]), Buffer.from([2])],
    ["objects", { codec: "json" }, { a: 1 }, { a: 2 }],
    ["what the codec refuses", {}, 7, 7],
    ["what the codec refuses, beside a text", {}, 7, "7"],
    ["a text, beside what the codec refuses", {}, "7", 7],
  ])("that differ are given others: %s", (_kind, declaration, value, stored) => {
    const [first, second] = compare(column(declaration), value, stored)

    expect(first).not.toBe(second)
  })

  test.each([
    [null, "078"],
    ["078", null],
    [undefined, "078"],
  ])("are as they were where one is missing: %p and %p", (value, stored) => {
    const bound = column()

    const [first, second] = compare(bound, value, stored)

    expect([first, second]).toEqual([bound.to(value), bound.to(stored)])
  })

  test("are compared by digests where another value was read between them", () => {
    const [one, other] = [column(), column()]
    noteCompared(one, "078")
    noteCompared(other, "078")

    expect(one.toStored("078")).toBe(one.to("078"))
    expect(one.toStored("078")).toBe(other.to("078"))
  })

  test("are told apart from a third that is asked for meanwhile", () => {
    const bound = column()
    noteCompared(bound, "078")
    const stored = bound.toStored("078")

    expect(bound.to("079")).not.toBe(stored)
    expect(bound.to("078")).toBe(stored)
  })

  test("are compared by digests with whatever is asked for after them", () => {
    const bound = column({ codec: "date" })
    const value = new Date(7)
    compare(bound, value, new Date(7))

    expect(bound.areSame(value, new Date(7))).toBe(true)
    expect(bound.to(value)).toBe(bound.to(new Date(7)))
  })

  test("are forgotten when the task ends", async () => {
    const bound = column()
    const digest = bound.to("078")
    for (let task = 0; task < 2; task++) {
      const [first] = compare(bound, "078", "078")
      expect(first).not.toBe(digest)

      await Promise.resolve()

      expect(bound.to("078")).toBe(digest)
      expect(bound.toStored("078")).toBe(digest)
    }
  })
})

test("what is loaded and saved as it is is not written, also under an index of several columns", async () => {
  const logger = new RecordingLogger()
  const source = withEncryption(memorySource([Visit], { logger }), { keyring })
  const visits = (await source.initialize()).getRepository(Visit)
  await visits.insert({ id: 1, from: new Date(5), until: new Date(7) })
  const loaded = await visits.findOneByOrFail({ id: 1 })
  logger.entries.length = 0

  await visits.save(loaded)

  expect(logger.statements.filter((sql) => !sql.startsWith("SELECT"))).toEqual([])
})
