import { Column, CreateDateColumn, Entity, PrimaryColumn, PrimaryGeneratedColumn } from "typeorm"

export type RotationStatus = "completed" | "failed" | "pending" | "running" | "verifying"

/** A rotation of the keys of the data: what is known of it survives the process that runs it. */
@Entity("rotations")
export class Rotation {
  @PrimaryGeneratedColumn("uuid")
  id!: string

  @Column({ name: "started_by", type: "uuid", nullable: true })
  startedBy!: string | null

  @Column({ type: "text", default: "" })
  notes!: string

  @Column({ name: "rotation_status", type: "text", default: "pending" })
  status!: RotationStatus

  @Column({ name: "old_key_version", type: "integer", nullable: true })
  oldKeyVersion!: number | null

  @Column({ name: "new_key_version", type: "integer", nullable: true })
  newKeyVersion!: number | null

  @Column({ name: "total_records", type: "integer", default: 0 })
  totalRecords!: number

  @Column({ name: "rotated_records", type: "integer", default: 0 })
  rotatedRecords!: number

  @Column({ name: "failed_records", type: "integer", default: 0 })
  failedRecords!: number

  /** What is left to do by hand, in words. */
  @Column({ type: "text", nullable: true })
  problem!: string | null

  @CreateDateColumn({ type: "timestamptz" })
  timestamp!: Date
}

/** A key of the data by a number that people can say. */
@Entity("key_versions")
export class KeyVersion {
  @PrimaryColumn({ type: "integer" })
  version!: number

  @Column({ type: "text", unique: true })
  fingerprint!: string
}
