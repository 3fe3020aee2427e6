import { randomBytes } from "node:crypto"
import { Column, Entity, PrimaryGeneratedColumn } from "typeorm"

import { EncryptedColumn } from "typeorm-fernet"

/** A name no table of yours has: the database may be your own. */
export const tableName = `typeorm_fernet_demo_${randomBytes(6).toString("hex")}`

/** Column types are given because the runner of this file emits no decorator metadata. */
@Entity(tableName)
export class Patient {
  @PrimaryGeneratedColumn()
  id!: number

  @Column({ type: "varchar", length: 100 })
  name!: string

  @EncryptedColumn({ blindIndex: { normalize: "lowercase" } })
  email!: string

  @EncryptedColumn()
  ssn!: string

  @EncryptedColumn({ codec: "number" })
  weight!: number

  @EncryptedColumn({ codec: "bigint" })
  account!: bigint

  @EncryptedColumn({ codec: "boolean" })
  smoker!: boolean

  @EncryptedColumn({ codec: "date" })
  bornOn!: Date

  @EncryptedColumn({ codec: "json" })
  history!: { readonly allergies: readonly string[] }

  @EncryptedColumn({ codec: "bytes" })
  photo!: Uint8Array

  @EncryptedColumn({ nullable: true })
  notes!: string | null
}

/** Someone who does not exist. */
export const ada: Omit<Patient, "id"> = {
  name: "Ada Möller",
  email: "Ada@example.com",
  ssn: "078-05-1120",
  weight: 81.5,
  account: 2n ** 70n,
  smoker: false,
  bornOn: new Date("1970-01-02T03:04:05.678Z"),
  history: { allergies: ["nuts", "pollen"] },
  photo: Buffer.from([0xff, 0xd8, 0xff]),
  notes: null,
}
