import "reflect-metadata"
import { Column, Entity, PrimaryColumn } from "typeorm"

/** What is recorded of one event. */
export interface AuditRecord {
  /** The channel, without the name of the package, as in `decrypt`. */
  readonly event: string
  readonly actor?: string | undefined
  readonly tenant?: string | undefined
  readonly entity?: string | undefined
  /** What else the event says: columns, counts, primary keys. */
  readonly details: object
}

/** One link of the chain of one writer. All of it is text, so that what is signed is what is stored. */
@Entity()
export class AuditEntry {
  /** Who wrote it: one process, from its start to its end. */
  @PrimaryColumn("varchar", { length: 36 })
  writer!: string

  /** Counts from 1, without a gap. */
  @PrimaryColumn("int")
  sequence!: number

  @Column("varchar", { length: 24 })
  at!: string

  @Column("varchar", { length: 40 })
  event!: string

  @Column("text", { nullable: true })
  actor!: string | null

  @Column("text", { nullable: true })
  tenant!: string | null

  @Column("text", { nullable: true })
  entity!: string | null

  @Column("text")
  details!: string

  /** The MAC of the entry before, of the same writer; empty in the first. */
  @Column("varchar", { length: 64 })
  previous!: string

  @Column("varchar", { length: 64 })
  mac!: string
}
