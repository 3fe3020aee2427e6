import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals"
import { type DataSource, Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn, type EventHandlers, onEvents, runWithActor, Sealed } from "../../../src"
import { boundSource } from "../memory-source"

@Entity()
class Patient {
  @PrimaryColumn("int") id!: number
  @EncryptedColumn({ blindIndex: true }) ssn!: string
  @EncryptedColumn({ sealed: true, nullable: true }) pin?: Sealed<string> | null
}

let dataSource: DataSource

beforeAll(async () => {
  dataSource = await boundSource([Patient])
})

afterAll(() => dataSource.destroy())

let id = 0

/** Writes, searches and reads a patient with handlers, and returns what was read. */
async function workWith(handlers: EventHandlers): Promise<unknown> {
  const patient = { id: ++id, ssn: `078-${id}` }
  const stop = onEvents(handlers)
  try {
    await dataSource.manager.insert(Patient, patient)
    return await dataSource.manager.findOneBy(Patient, { ssn: patient.ssn })
  } finally {
    stop()
  }
}

describe("onEvents", () => {
  test("calls the handlers until it is ended", async () => {
    const called: string[] = []
    const handlers: EventHandlers = {
      encrypt: ({ cells }) => called.push(`encrypt ${cells}`),
      search: ({ indexes }) => called.push(`search ${indexes.length}`),
      decrypt: ({ columns }) => called.push(`decrypt ${columns[0]?.column ?? ""}`),
    }

    await workWith(handlers)
    await workWith({})

    expect(called).toEqual(["encrypt 1", "search 1", "decrypt Patient.ssn"])
  })

  test("tells of a sealed value that is revealed, and not of one that is read", async () => {
    await dataSource.manager.insert(Patient, { id: 99, ssn: "078-99", pin: Sealed.of("legible") })
    const events: unknown[] = []
    const stop = onEvents({
      reveal: (event) => events.push(event),
      decrypt: ({ columns }) => events.push(columns),
    })

    const patient = await dataSource.manager.findOneByOrFail(Patient, { id: 99 })
    runWithActor("alice", () => patient.pin?.reveal())
    stop()

    expect(events).toEqual([
      [{ column: "Patient.ssn", cells: 1 }],
      { column: "Patient.pin", primaryKey: { id: 99 }, actor: "alice" },
    ])
  })

  test("keeps what a handler throws or rejects with from the statement, and from the others", async () => {
    const errors: unknown[] = []
    const called: unknown[] = []
    const thrown = new Error("thrown")
    const rejected = new Error("rejected")

    const read = await workWith({
      encrypt: () => {
        throw thrown
      },
      search: () => Promise.reject(rejected),
      decrypt: () => called.push("decrypt"),
      onError: (error) => errors.push(error),
    })

    expect(read).toMatchObject({ id, ssn: `078-${id}` })
    expect(errors).toEqual([thrown, rejected])
    expect(called).toEqual(["decrypt"])
  })

  test("warns once of a handler that goes on failing", async () => {
    const warn = jest.spyOn(process, "emitWarning").mockImplementation(() => undefined)

    const stop = onEvents({
      decrypt: () => {
        throw new Error("disk full")
      },
    })
    for (let i = 0; i < 3; i++) await dataSource.manager.find(Patient)
    stop()
    const calls = [...warn.mock.calls] as unknown[]
    warn.mockRestore()

    expect(calls).toEqual([
      [
        expect.stringMatching(/typeorm-fernet:decrypt failed.*disk full/),
        { code: "TYPEORM_FERNET_HANDLER" },
      ],
    ])
  })

  test("refuses a channel that there is not, and a handler that is none", () => {
    expect(() => onEvents({ decrpyt: () => 1 } as object)).toThrow(/did you mean decrypt\?/)
    expect(() => onEvents({ decrypt: 1 } as object)).toThrow(
      /no function for typeorm-fernet:decrypt/,
    )
  })
})
