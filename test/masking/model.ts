import {
  ChildEntity,
  Column,
  Entity,
  EntitySchema,
  ManyToOne,
  OneToMany,
  PrimaryGeneratedColumn,
  TableInheritance,
} from "typeorm"

import { EncryptedColumn, encryptedColumn } from "../../src"

export class Address {
  @EncryptedColumn({ nullable: true }) street?: string | null
  @Column({ type: "text", nullable: true }) city?: string | null
}

export abstract class Person {
  @PrimaryGeneratedColumn() id!: number
  @EncryptedColumn({ nullable: true }) ssn?: string | null
}

@Entity()
export class Patient extends Person {
  @EncryptedColumn({ name: "mail_address", nullable: true }) email?: string | null
  @Column(() => Address) address?: Address
  @Column({ type: "text", nullable: true }) ward?: string | null
  @OneToMany(() => Visit, (visit) => visit.patient, { cascade: true }) visits?: Visit[]
}

@Entity()
@TableInheritance({ column: { type: "varchar", name: "type" } })
export class Visit {
  @PrimaryGeneratedColumn() id!: number
  @EncryptedColumn({ codec: "json", nullable: true }) note$?: unknown
  /** Called like an encrypted property of others, and is none. */
  @Column({ type: "text", nullable: true }) street?: string | null
  @ManyToOne(() => Patient, (patient) => patient.visits) patient?: Patient
}

@ChildEntity()
export class HomeVisit extends Visit {
  @EncryptedColumn({ nullable: true, codec: "date" }) doorCode?: Date | null
}

export const Ward = new EntitySchema<{ id: number; alarm: string }>({
  name: "Ward",
  columns: { id: { type: Number, primary: true }, alarm: encryptedColumn() },
})

/** Its names cannot be written as identifiers. */
export const Odd = new EntitySchema<{ id: number; "x-note": string; 'say "hi"': string }>({
  name: "Odd",
  columns: {
    id: { type: Number, primary: true },
    "x-note": encryptedColumn(),
    'say "hi"': encryptedColumn(),
  },
})

export const entities = [Patient, Visit, HomeVisit, Ward]
