import "reflect-metadata"
import { DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { EncryptedColumn, generateKey, Keyring, withEncryption } from "typeorm-fernet"

@Entity()
export class Account {
  @PrimaryGeneratedColumn()
  id!: number

  @EncryptedColumn({ blindIndex: { unique: true } })
  email!: string
}

export async function openDatabase(): Promise<DataSource> {
  const dataSource = new DataSource({
    type: "sqljs",
    entities: [Account],
    synchronize: true,
  })
  return withEncryption(dataSource, { keyring: new Keyring([generateKey()]) }).initialize()
}
