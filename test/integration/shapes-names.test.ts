import { expect, test } from "@jest/globals"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"

import { decryptRaw, EncryptedColumn, withEncryption } from "../../src"
import { eachDatabase } from "../support/databases"
import { keyring } from "../support/keys"

@Entity()
class Consent {
  @PrimaryGeneratedColumn() id!: number
  @EncryptedColumn() info!: string
  @EncryptedColumn({ codec: "json" }) changes!: unknown
  @EncryptedColumn({ name: "insertId" }) ward!: string
  @EncryptedColumn({ name: "affectedRows", nullable: true }) rows?: string | null
}

@Entity({ schema: "Clinic A", name: "Patient File" })
class PatientFile {
  @PrimaryGeneratedColumn() id!: number
  @Column({ name: "Full Name", type: "varchar", length: 50 }) name!: string
  @EncryptedColumn({ name: "Social Security No" }) ssn!: string
}

eachDatabase("names", (db) => {
  // The driver for MySQL, unlike the one for MariaDB, has no rows of RETURNING to report
  const drivers = db.name === "MariaDB" ? ["mariadb", "mysql"] : ["its driver"]

  test.each(drivers)("of columns are not those of the report of a write (%s)", async (driver) => {
    const source = await db.connect(
      {
        entities: [Consent],
        synchronize: true,
        dropSchema: true,
        ...(driver === "mysql" && ({ type: driver } as object)),
      },
      (unbound) => withEncryption(unbound, { keyring }),
    )
    const consents = source.getRepository(Consent)
    const values = { info: "none", changes: [1], ward: "3", rows: "two" }

    const saved = await consents.save({ ...values })
    await consents.insert({ ...values })
    await consents.update(2, { info: "some" })

    expect(saved).toEqual({ id: 1, ...values })
    expect(await consents.find({ order: { id: "ASC" } })).toMatchObject([
      { id: 1, ...values },
      { id: 2, ...values, info: "some" },
    ])
  })

  if (db.name === "PostgreSQL") {
    test("with a schema, capitals and spaces work", async () => {
      await db.rawRows('CREATE SCHEMA "Clinic A"')
      const source = await db.connect({ entities: [PatientFile], synchronize: true }, (unbound) =>
        withEncryption(unbound, { keyring }),
      )
      const files = source.getRepository(PatientFile)
      await files.save({ name: "Ada", ssn: "078-05-1120" })
      await files.createQueryBuilder().insert().values({ name: "Eve", ssn: "1" }).execute()
      await files.update({ name: "Eve" }, { ssn: "2" })

      const rows = await db.rawRows('SELECT * FROM "Clinic A"."Patient File" ORDER BY id')

      expect(decryptRaw(source, PatientFile, rows)).toEqual([
        { id: 1, "Full Name": "Ada", "Social Security No": "078-05-1120" },
        { id: 2, "Full Name": "Eve", "Social Security No": "2" },
      ])
      expect(await files.findOneByOrFail({ name: "Eve" })).toMatchObject({ ssn: "2" })
    })
  }
})
