import { describe, expect, test } from "@jest/globals"
import { Entity, PrimaryGeneratedColumn } from "typeorm"

import { EncryptedColumn } from "../../../src"
import { boundSource } from "../memory-source"

@Entity()
class Consent {
  @PrimaryGeneratedColumn() id!: number
  @EncryptedColumn() info!: string
  @EncryptedColumn({ codec: "json" }) changes!: unknown
  @EncryptedColumn({ name: "insertId" }) ward!: string
}

describe("a driver's report of an insert", () => {
  test("is not taken for a row, whatever the encrypted columns are called", async () => {
    const consents = (await boundSource([Consent])).getRepository(Consent)
    const values = { info: "none", changes: [1], ward: "3" }

    const saved = await consents.save({ ...values })
    await consents.insert({ ...values })

    expect(saved).toMatchObject(values)
    expect(await consents.find()).toMatchObject([
      { id: 1, ...values },
      { id: 2, ...values },
    ])
  })
})
