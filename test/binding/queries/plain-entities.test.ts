import { afterEach, beforeEach, expect, test } from "@jest/globals"
import { type DataSource, Entity, ManyToOne, PrimaryColumn } from "typeorm"

import { EncryptedColumn, UnsupportedQueryError, withEncryption } from "../../../src"
import { keyring } from "../../support/keys"
import { memorySource, rejection } from "../memory-source"
import { RecordingLogger } from "../recording-logger"

@Entity()
class Patient {
  @PrimaryColumn() id!: number
  @EncryptedColumn({ blindIndex: true }) email!: string
  @EncryptedColumn({ nullable: true }) notes?: string | null
}

@Entity()
class Bed {
  @PrimaryColumn() id!: number
  @ManyToOne(() => Patient) patient!: Patient
}

/** Encrypts nothing itself, and is two relations from what is encrypted. */
@Entity()
class Ward {
  @PrimaryColumn() id!: number
  @ManyToOne(() => Bed) bed!: Bed
}

/** Leads nowhere but to itself. */
@Entity()
class Floor {
  @PrimaryColumn() id!: number
  @ManyToOne(() => Floor, { nullable: true }) above?: Floor | null
}

const logger = new RecordingLogger()
let source: DataSource

beforeEach(async () => {
  const options = { logger, logging: "all" } as const
  source = withEncryption(memorySource([Patient, Ward, Bed, Floor], options), {
    keyring,
    plaintext: "allow",
  })
  await source.initialize()
  await source.getRepository(Patient).insert({ id: 1, email: "alice@example.com" })
  await source.getRepository(Bed).insert({ id: 2, patient: { id: 1 } })
  await source.getRepository(Ward).insert({ id: 3, bed: { id: 2 } })
  await source.getRepository(Floor).insert([{ id: 4 }, { id: 5, above: { id: 4 } }])
  logger.entries.length = 0
})

afterEach(async () => {
  await source.destroy()
})

test("a condition on what a relation of a relation encrypts is answered by its index", async () => {
  const where = { bed: { patient: { email: "alice@example.com" } } }

  const found = await source.getRepository(Ward).findBy(where)

  expect(found).toEqual([{ id: 3 }])
})

test("a condition on what a relation of a relation encrypts without an index is refused", async () => {
  const where = { bed: { patient: { notes: "MARKER" } } }

  const error = await rejection(source.getRepository(Ward).findBy(where))

  expect(error).toBeInstanceOf(UnsupportedQueryError)
})

test("an order by what a relation of a relation encrypts is refused", async () => {
  const order = { bed: { patient: { email: "ASC" } } } as const

  const error = await rejection(source.getRepository(Ward).find({ order }))

  expect(error).toBeInstanceOf(UnsupportedQueryError)
})

test("an entity that leads to nothing encrypted is found by its relations", async () => {
  const found = await source.getRepository(Floor).findBy({ above: { id: 4 } })

  expect(found).toEqual([{ id: 5 }])
})

test("the logger is a property as TypeORM made it until there is something to hide", async () => {
  const isRedefined = (): boolean => !Object.getOwnPropertyDescriptor(source, "logger")?.writable
  await source.getRepository(Floor).findBy({ id: 4 })
  const before = isRedefined()

  await source.getRepository(Patient).findBy({ email: "alice@example.com" })

  expect([before, isRedefined()]).toEqual([false, true])
  expect(logger.entries.length).toBeGreaterThan(0)
  expect(JSON.stringify(logger.entries)).not.toContain("alice@example.com")
})

test("a logger that was assigned before there was something to hide is shown nothing of it", async () => {
  const other = new RecordingLogger()
  source.logger = other

  await source.getRepository(Patient).findBy({ email: "alice@example.com" })

  expect(other.entries.length).toBeGreaterThan(0)
  expect(JSON.stringify(other.entries)).not.toContain("alice@example.com")
})
