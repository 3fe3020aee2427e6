import "reflect-metadata"
import { DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { EncryptedColumn, type KeySource, withEncryption } from "typeorm-fernet"

@Entity()
export class Patient {
  @PrimaryGeneratedColumn()
  id!: number

  @EncryptedColumn()
  ssn!: string
}

export function openDatabase(keyring: KeySource): Promise<DataSource> {
  const dataSource = new DataSource({ type: "sqljs", entities: [Patient], synchronize: true })
  return withEncryption(dataSource, { keyring }).initialize()
}
