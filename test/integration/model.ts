import {
  Column,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  UpdateDateColumn,
  VersionColumn,
  DeleteDateColumn,
} from "typeorm"

import { EncryptedColumn } from "../../src"

/** An entity with an encrypted column of every codec, and the columns that show an update. */
@Entity()
export class Patient {
  @PrimaryGeneratedColumn()
  id!: number

  @Column({ type: "varchar", length: 50, unique: true })
  name!: string

  @EncryptedColumn({ nullable: true })
  ssn?: string | null

  @EncryptedColumn({ nullable: true, codec: "number" })
  weight?: number | null

  @EncryptedColumn({ nullable: true, codec: "bigint" })
  account?: bigint | null

  @EncryptedColumn({ nullable: true, codec: "boolean" })
  smoker?: boolean | null

  @EncryptedColumn({ nullable: true, codec: "date" })
  bornOn?: Date | null

  @EncryptedColumn({ nullable: true, codec: "json" })
  history?: unknown

  @EncryptedColumn({ nullable: true, codec: "bytes" })
  photo?: Uint8Array | null

  @OneToMany(() => Visit, (visit) => visit.patient, { cascade: true })
  visits?: Visit[]

  @VersionColumn()
  version!: number

  @UpdateDateColumn()
  updatedAt!: Date

  @DeleteDateColumn()
  deletedAt?: Date | null
}

/** A child that is reached by cascade. */
@Entity()
export class Visit {
  @PrimaryGeneratedColumn()
  id!: number

  @EncryptedColumn()
  diagnosis!: string

  @ManyToOne(() => Patient, (patient) => patient.visits)
  patient!: Patient

  @VersionColumn()
  version!: number
}

/** A value for every encrypted property of a patient. */
export const everything = {
  ssn: "078-05-1120",
  weight: 81.5,
  account: 2n ** 70n,
  smoker: false,
  bornOn: new Date("1970-01-02T03:04:05.678Z"),
  history: { allergies: ["nuts"], notes: { ward: 3 } },
  photo: Buffer.from([0, 1, 2, 255]),
} as const
