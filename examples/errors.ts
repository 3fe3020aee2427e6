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
      const { property, reason, primaryKey } = error as DecryptionError
      return `repair ${property} of ${JSON.stringify(primaryKey)}: ${reason}`
    }
    default:
      throw error
  }
}
// #endregion

/** One bad row does not take the list down: its property is `undefined`, and stays unwritten. */
async function listDespiteBadRows(source: DataSource): Promise<void> {
  const bad: string[] = []
  // #region on-unreadable
  const dataSource = withEncryption(source, {
    onUnreadable: (error) => {
      bad.push(describeFailure(error))
      return undefined
    },
  })
  // #endregion
  await dataSource.initialize()
  const patients = dataSource.getRepository(Patient)
  await patients.save({ ssn: "078-05-1120" })
  const [damaged, intact] = await patients.find({ order: { id: "ASC" } })
  assert.deepEqual([damaged?.ssn, intact?.ssn], [undefined, "078-05-1120"])
  assert.deepEqual(bad, ['repair Patient.ssn of {"id":1}: plaintext'])
  await dataSource.destroy()
}

async function main(): Promise<void> {
  const newSource = () =>
    new DataSource({
      type: "postgres",
      url: process.env.DATABASE_URL,
      entities: [Patient],
      synchronize: true,
    })
  const dataSource = withEncryption(newSource())
  await dataSource.initialize()
  const patients = dataSource.getRepository(Patient)
  await dataSource.query("INSERT INTO patient (ssn) VALUES ('not encrypted')")

  const read = await patients.find().catch(describeFailure)
  assert.equal(read, 'repair Patient.ssn of {"id":1}: plaintext')

  const written = await patients.save({ ssn: 42 as never }).catch(describeFailure)
  assert.equal(written, "bad request")
  await dataSource.destroy()
  await listDespiteBadRows(newSource())
}

void main()
