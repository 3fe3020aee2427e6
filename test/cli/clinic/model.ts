import { Column, Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn } from "typeorm-fernet"

@Entity("patient")
export class Patient {
  @PrimaryColumn({ type: "int" })
  id!: number

  @Column({ type: "text" })
  name!: string

  @EncryptedColumn({ nullable: true })
  ssn!: string | null

  @EncryptedColumn({ nullable: true, codec: "number" })
  weight!: number | null
}

@Entity("visit")
export class Visit {
  @PrimaryColumn({ type: "text" })
  ward!: string

  @PrimaryColumn({ type: "int" })
  bed!: number

  @EncryptedColumn()
  notes!: string
}
