import assert from "node:assert/strict"
import {
  DataSource,
  type DataSourceOptions,
  Entity,
  type MigrationInterface,
  PrimaryGeneratedColumn,
  type QueryRunner,
} from "typeorm"
import {
  decryptColumns,
  EncryptedColumn,
  encryptColumns,
  inspectColumns,
  verifyColumns,
  type TableDescription,
  withEncryption,
} from "typeorm-fernet"

@Entity()
class Patient {
  @PrimaryGeneratedColumn()
  id!: number

  @EncryptedColumn()
  ssn!: string
}

// #region migration
const patient: TableDescription = { table: "patient", columns: { ssn: {} } }

export class EncryptPatients1767225600000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await encryptColumns(queryRunner, patient)
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await decryptColumns(queryRunner, patient)
  }
}
// #endregion

const options: DataSourceOptions = {
  type: "postgres",
  url: process.env.DATABASE_URL,
  entities: [Patient],
  migrations: [EncryptPatients1767225600000],
  synchronize: true,
}

// #region plaintext-allow
const dataSource = withEncryption(new DataSource(options), { plaintext: "allow" })
// #endregion

async function main(): Promise<void> {
  await dataSource.initialize()
  await dataSource.query("INSERT INTO patient (ssn) VALUES ('078-05-1120'), ('219-09-9999')")
  const patients = dataSource.getRepository(Patient)
  assert.equal((await patients.findOneByOrFail({ id: 1 })).ssn, "078-05-1120")

  // #region encrypt-table
  const report = await encryptColumns(dataSource, Patient, {
    onProgress: ({ done, total, etaSeconds }) => {
      console.log(`${done} of ${total} rows, ${Math.ceil(etaSeconds)} s left`)
    },
  })
  console.log(report.changed, report.columns["Patient.ssn"]?.after)
  // #endregion
  assert.equal(report.changed, 2)

  // #region inspect
  const { columns } = await inspectColumns(dataSource, Patient)
  const left = columns["Patient.ssn"]?.after.plaintext
  // #endregion
  assert.equal(left, 0)

  // #region verify
  const { failed, failures } = await verifyColumns(dataSource, Patient)
  // #endregion
  assert.deepEqual([failed, failures], [0, []])

  const stored = await dataSource.query<{ ssn: string }[]>("SELECT ssn FROM patient")
  for (const { ssn } of stored) assert.match(ssn, /^gAAAAAB/)
  await dataSource.runMigrations()
  await dataSource.undoLastMigration()
  const [row] = await dataSource.query<{ ssn: string }[]>("SELECT ssn FROM patient WHERE id = 2")
  assert.equal(row?.ssn, "219-09-9999")
  await dataSource.query("DROP TABLE migrations")
  await dataSource.destroy()
}

void main()
