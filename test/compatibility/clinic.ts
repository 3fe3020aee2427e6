import "reflect-metadata"
import { Column, DataSource, Entity, type Logger, PrimaryGeneratedColumn } from "typeorm"

import { EncryptedColumn, Keyring, withEncryption } from "../../src"
import { keys } from "../support/keys"
import { RecordingLogger } from "../support/recording-logger"

/** An entity with a property that can be searched, one that cannot, and one in plaintext. */
@Entity()
export class Patient {
  @PrimaryGeneratedColumn()
  id!: number

  @Column({ type: "varchar", nullable: true })
  ward?: string | null

  @EncryptedColumn({ blindIndex: { normalize: "lowercase" }, nullable: true })
  email?: string | null

  @EncryptedColumn({ nullable: true })
  diagnosis?: string | null
}

/** What all plaintexts of the encrypted columns contain. */
export const MARKER = /legible/i

/** A DataSource in memory that records what it sends, before and after it is bound. */
export interface Clinic {
  readonly dataSource: DataSource
  readonly log: RecordingLogger
}

/** @param prepare - is given the DataSource before `withEncryption()` is */
export async function openClinic(prepare?: (dataSource: DataSource) => void): Promise<Clinic> {
  const log = new RecordingLogger()
  const dataSource = new DataSource({
    type: "better-sqlite3",
    database: ":memory:",
    entities: [Patient],
    synchronize: true,
    logging: "all",
    logger: log satisfies Logger,
  })
  prepare?.(dataSource)
  await withEncryption(dataSource, { keyring: new Keyring([keys.first]) }).initialize()
  return { dataSource, log }
}

/** Statements that show a plaintext. */
export function legible({ log }: Clinic): readonly unknown[] {
  return log.statements.filter((one) => MARKER.test(JSON.stringify(one)))
}
