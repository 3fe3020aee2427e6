import { afterEach, beforeEach, describe, expect, test } from "@jest/globals"
import { Column, DataSource, Entity, Not, PrimaryColumn } from "typeorm"
import { EncryptionTransformer } from "typeorm-encrypted"

const options = { key: "e4".repeat(32), algorithm: "aes-256-cbc", ivLength: 16 }

@Entity("patient")
class Patient {
  @PrimaryColumn("int")
  id!: number

  @Column({ type: "text", transformer: new EncryptionTransformer(options) })
  ssn!: string
}

describe("what the README says of typeorm-encrypted", () => {
  let dataSource: DataSource

  beforeEach(async () => {
    dataSource = await new DataSource({
      ...{ type: "better-sqlite3", database: ":memory:", synchronize: true },
      entities: [Patient],
    }).initialize()
    await dataSource.manager.insert(Patient, { id: 1, ssn: "078-05-1120" })
  })

  afterEach(async () => {
    await dataSource.destroy()
  })

  test("a condition finds nothing, and its opposite everything", async () => {
    expect(await dataSource.manager.findBy(Patient, { ssn: "078-05-1120" })).toEqual([])
    expect(await dataSource.manager.countBy(Patient, { ssn: Not("078-05-1120") })).toBe(1)
  })

  test("a cell that was altered is read as another value, under AES-CBC", async () => {
    const [row] = await dataSource.query<{ ssn: string }[]>("SELECT ssn FROM patient")
    const cell = Buffer.from(row?.ssn ?? "", "base64")
    cell[0] = (cell[0] ?? 0) ^ 1 // a bit of the IV is a bit of the value
    await dataSource.query("UPDATE patient SET ssn = ?", [cell.toString("base64")])

    const { ssn } = await dataSource.manager.findOneByOrFail(Patient, { id: 1 })

    expect(ssn).toBe("178-05-1120")
  })

  test("a column has one key, and no other opens its cells", () => {
    const transformer = new EncryptionTransformer({ ...options, key: "5c".repeat(32) })
    const cell = new EncryptionTransformer(options).to("078-05-1120") as string

    const read = (): unknown => transformer.from(cell)

    // By chance, one wrong key of 256 leaves a padding that is valid
    expect(outcomeOf(read)).not.toBe("078-05-1120")
  })
})

function outcomeOf(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    return error
  }
}
