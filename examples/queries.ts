import assert from "node:assert/strict"
import { Column, DataSource, Entity, IsNull, Not, PrimaryGeneratedColumn } from "typeorm"
import { EncryptedColumn, withEncryption } from "typeorm-fernet"

@Entity()
class Patient {
  @PrimaryGeneratedColumn()
  id!: number

  @Column({ type: "int" })
  ward!: number

  @EncryptedColumn({ nullable: true })
  ssn!: string | null
}

async function main(): Promise<void> {
  const dataSource = withEncryption(
    new DataSource({
      type: "postgres",
      url: process.env.DATABASE_URL,
      entities: [Patient],
      synchronize: true,
    }),
  )
  await dataSource.initialize()
  const patients = dataSource.getRepository(Patient)
  await patients.save([
    { ward: 3, ssn: "078-05-1120" },
    { ward: 3, ssn: null },
  ])

  // #region queries
  const unknown = await patients.findBy({ ssn: IsNull() })
  const known = await patients.findBy({ ssn: Not(IsNull()) })

  const inWard = await patients.findBy({ ward: 3 })
  const found = inWard.find(({ ssn }) => ssn === "078-05-1120")
  // #endregion

  assert.deepEqual([unknown.length, known.length, found?.id], [1, 1, 1])
  await assert.rejects(patients.findBy({ ssn: "078-05-1120" }), { code: "ERR_UNSUPPORTED_QUERY" })
  await dataSource.destroy()
}

void main()
