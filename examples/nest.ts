import assert from "node:assert/strict"
import { Entity, PrimaryGeneratedColumn } from "typeorm"
import { EncryptedColumn } from "typeorm-fernet"
// #region nest
import { DataSource, type DataSourceOptions } from "typeorm"
import { withEncryption } from "typeorm-fernet"

export async function dataSourceFactory(options?: DataSourceOptions): Promise<DataSource> {
  if (!options) throw new Error("useFactory returned no options.")
  return withEncryption(new DataSource(options)).initialize()
}
// #endregion

@Entity()
class Patient {
  @PrimaryGeneratedColumn()
  id!: number

  @EncryptedColumn()
  ssn!: string
}

async function main(): Promise<void> {
  const dataSource = await dataSourceFactory({
    type: "postgres",
    url: process.env.DATABASE_URL,
    entities: [Patient],
    synchronize: true,
  })
  const patients = dataSource.getRepository(Patient)
  await patients.save({ ssn: "078-05-1120" })
  assert.equal((await patients.findOneByOrFail({ id: 1 })).ssn, "078-05-1120")
  await dataSource.destroy()
}

void main()
