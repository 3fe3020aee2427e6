import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import pino from "pino"
import {
  Column,
  DataSource,
  Entity,
  EntitySchema,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
} from "typeorm"

import {
  EncryptedColumn,
  encryptedColumn,
  mask,
  redact,
  redactPaths,
  redactReplacer,
  withEncryption,
} from "../../src"
import { keyring } from "../support/keys"

class Address {
  @EncryptedColumn() street!: string
  @Column({ type: "text" }) city!: string
}

abstract class Person {
  @PrimaryGeneratedColumn() id!: number
  @EncryptedColumn() ssn!: string
}

@Entity()
class Patient extends Person {
  @Column(() => Address) address!: Address
  @Column({ type: "text" }) ward!: string
  @OneToMany(() => Visit, (visit) => visit.patient, { cascade: true }) visits!: Visit[]
}

@Entity()
class Visit {
  @PrimaryGeneratedColumn() id!: number
  @EncryptedColumn() note$!: string
  @EncryptedColumn({ codec: "date" }) doorCode!: Date
  @ManyToOne(() => Patient, (patient) => patient.visits) patient!: Patient
}

const Odd = new EntitySchema<{ id: number; "x-note": string; 'say "hi"': string }>({
  name: "Odd",
  columns: {
    id: { type: Number, primary: true },
    "x-note": encryptedColumn(),
    'say "hi"': encryptedColumn(),
  },
})

const inMemory = { type: "better-sqlite3", database: ":memory:", synchronize: true } as const

describe("pino", () => {
  const lines: string[] = []
  const stream = { write: (line: string) => lines.push(line) }
  let dataSource: DataSource
  let patient: Patient

  before(async () => {
    dataSource = new DataSource({ ...inMemory, entities: [Patient, Visit] })
    await withEncryption(dataSource, { keyring }).initialize()
    const visit = Object.assign(new Visit(), { note$: "legible", doorCode: new Date(5) })
    const address = { street: "legible", city: "Bonn" }
    const ssn = "legible-078-05-1120"
    await dataSource.getRepository(Patient).save({ ssn, ward: "W1", address, visits: [visit] })
    patient = await dataSource
      .getRepository(Patient)
      .findOneOrFail({ where: { id: 1 }, relations: { visits: true } })
  })

  after(() => dataSource.destroy())

  /** What is logged by a logger, of a record at every place it may have. */
  function logged(logger: pino.Logger): Record<string, unknown>[] {
    lines.length = 0
    logger.info(patient)
    logger.info({ patient, patients: [patient] }, "listed")
    logger.error({ err: Object.assign(new Error("failed"), { patient }) })
    logger.child({ name: "jobs" }).info({ job: { of: patient } })
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  test("shows encrypted properties without them, which is what this is about", () => {
    logged(pino({}, stream))

    assert.match(lines.join(""), /legible/)
    assert.match(lines.join(""), /1970-01-01T00:00:00\.005Z/)
  })

  test("shows none with the paths of the model, and all the rest", () => {
    // #region pino
    const logger = pino({ redact: redactPaths(dataSource) }, stream)
    // #endregion
    const [alone, listed] = logged(logger)

    assert.doesNotMatch(lines.join(""), /legible|00\.005Z/)
    assert.equal(lines.join("").match(/W1/g)?.length, 5)
    assert.deepEqual(alone?.address, { street: "[Redacted]", city: "Bonn" })
    assert.deepEqual((listed?.patient as Patient).ssn, "[Redacted]")
  })

  test("takes another text or a mask in place of a value", () => {
    const paths = redactPaths(dataSource)

    const [alone] = logged(pino({ redact: { paths, censor: (value) => mask(value) } }, stream))

    assert.equal(alone?.ssn, "****1120")
    assert.doesNotMatch(lines.join(""), /legible/)
  })

  test("shows none, at any depth, with the copy as its formatter", () => {
    // #region pino-formatter
    const log = (line: object) => redact(dataSource, line) as Record<string, unknown>
    const logger = pino({ formatters: { log } }, stream)
    // #endregion
    const [alone, listed] = logged(logger)
    logger.info({ a: { b: { c: { d: { e: { f: { g: [patient] } } } } } } })

    assert.doesNotMatch(lines.join(""), /legible|00\.005Z/)
    assert.equal(alone?.ssn, "(encrypted)")
    assert.equal((listed?.patients as Patient[])[0]?.ward, "W1")
  })

  test("reads the paths of names that are no identifiers", async () => {
    const odd = await new DataSource({ ...inMemory, entities: [Odd] }).initialize()
    const logger = pino({ redact: redactPaths(odd) }, stream)

    lines.length = 0
    const row = { id: 1, "x-note": "legible", 'say "hi"': "legible" }
    logger.info({ ...row, rows: [row] })

    assert.doesNotMatch(lines.join(""), /legible/)
    await odd.destroy()
  })

  test("says of an entity what a replacer does", () => {
    const [alone] = logged(
      pino({ redact: { paths: redactPaths(dataSource), censor: "x" } }, stream),
    )
    const replaced = JSON.parse(
      JSON.stringify(patient, redactReplacer(dataSource, { censor: "x" })),
    ) as object

    const { level, time, pid, hostname, ...properties } = alone ?? {}
    assert.deepEqual(properties, replaced)
    assert.ok([level, time, pid, hostname].every((one) => one !== undefined))
  })
})
