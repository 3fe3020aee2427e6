import { Column, Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn } from "../../../src"

/** A table with columns that are converted in one statement, and in several. */
@Entity("visit")
export class Plain {
  @PrimaryColumn({ type: "int" }) id!: number
  @Column({ type: "int" }) ward!: number
  @Column({ type: "boolean", nullable: true }) urgent!: boolean | null
}

@Entity("visit")
export class Encrypted {
  @PrimaryColumn({ type: "int" }) id!: number
  @EncryptedColumn({ codec: "number" }) ward!: number
  @EncryptedColumn({ codec: "boolean", nullable: true }) urgent!: boolean | null
}

/** With a column that needs a zone. */
@Entity("visit")
export class PlainInTime extends Plain {
  @Column({ type: Date, nullable: true }) at!: Date | null
}

@Entity("visit")
export class EncryptedInTime extends Encrypted {
  @EncryptedColumn({ codec: "date", nullable: true }) at!: Date | null
}
