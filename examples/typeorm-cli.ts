import { Entity, PrimaryGeneratedColumn } from "typeorm"
import { EncryptedColumn } from "typeorm-fernet"

@Entity()
class Patient {
  @PrimaryGeneratedColumn()
  id!: number

  @EncryptedColumn()
  ssn!: string
}

// #region typeorm-cli
import { DataSource } from "typeorm"
import { withEncryption } from "typeorm-fernet"

export default withEncryption(
  new DataSource({
    type: "postgres",
    url: process.env.DATABASE_URL,
    entities: [Patient],
    migrations: ["migrations/*.js"],
  }),
  { lazyKeys: "cli" },
)
// #endregion
