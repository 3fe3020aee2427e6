// #region patients
import { DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { EncryptedColumn, withEncryption } from "typeorm-fernet"

@Entity()
class Patient {
  @PrimaryGeneratedColumn() id!: number
  @EncryptedColumn() ssn!: string
}

const dataSource = withEncryption(
  new DataSource({
    type: "better-sqlite3",
    database: "clinic.sqlite",
    entities: [Patient],
    synchronize: true,
  }),
)

async function main(): Promise<void> {
  await dataSource.initialize() // reads ENCRYPTION_KEY
  const patients = dataSource.getRepository(Patient)
  await patients.save({ ssn: "078-05-1120" })
  console.log(await patients.find())
  console.log(await dataSource.query("SELECT * FROM patient"))
  await dataSource.destroy()
}

void main()
// #endregion
