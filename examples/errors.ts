import assert from "node:assert/strict"
import { DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import {
  type DecryptionError,
  EncryptedColumn,
  type EncryptionErrorCode,
  withEncryption,
} from "typeorm-fernet"

@Entity()
class Patient {
  @PrimaryGeneratedColumn()
  id!: number

  @EncryptedColumn()
  ssn!: string
}

// #region errors
function describeFailure(error: unknown): string {
  switch ((error as { code?: EncryptionErrorCode }).code) {
    case "ERR_INVALID_VALUE":
      return "bad request"
    case "ERR_DECRYPTION_FAILED": {
      const { property, reason } = error as DecryptionError
      return `repair ${property}: ${reason}`
    }
    default:
      throw error
  }
}
// #endregion

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
  await dataSource.query("INSERT INTO patient (ssn) VALUES ('not encrypted')")

  const read = await patients.find().catch(describeFailure)
  assert.equal(read, "repair Patient.ssn: plaintext")

  const written = await patients.save({ ssn: 42 as never }).catch(describeFailure)
  assert.equal(written, "bad request")
  await dataSource.destroy()
}

void main()
