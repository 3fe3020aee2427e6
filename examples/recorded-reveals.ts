import assert from "node:assert/strict"
import { Column, DataSource, type DataSourceOptions, Entity, PrimaryGeneratedColumn } from "typeorm"
import { EncryptedColumn, runWithActor, Sealed, withEncryption } from "typeorm-fernet"

@Entity()
class Login {
  @PrimaryGeneratedColumn() id!: number
  @EncryptedColumn({ sealed: true }) password!: Sealed<string>
}

@Entity()
class RevealRecord {
  @PrimaryGeneratedColumn() id!: number
  @Column("text") column!: string
  @Column("text") row!: string
  @Column("text") actor!: string
}

const server = { type: "postgres", url: process.env.DATABASE_URL, synchronize: true } as const

async function main(): Promise<void> {
  // Of its own, so that a transaction that is rolled back takes no record with it
  const records = await new DataSource({ ...server, entities: [RevealRecord] }).initialize()
  const log = records.getRepository(RevealRecord)
  const options: DataSourceOptions = { ...server, entities: [Login] }

  // #region before-reveal
  const audited = withEncryption(new DataSource(options), {
    // What it throws, or rejects with, keeps the value sealed
    beforeReveal: async ({ column, primaryKey, actor }) => {
      await log.save({ column, row: JSON.stringify(primaryKey), actor: actor ?? "nobody" })
    },
  })
  // #endregion
  await audited.initialize()
  const logins = audited.getRepository(Login)
  await logins.save({ password: Sealed.of("hunter2") })
  const login = await logins.findOneByOrFail({})
  assert.throws(() => login.password.reveal(), { code: "ERR_REVEAL_UNRECORDED" })

  // #region reveal-recorded
  const password = await runWithActor("ada", () => login.password.revealRecorded())
  // #endregion
  assert.equal(password, "hunter2")
  const [record] = await log.find()
  assert.deepEqual(
    [record?.column, record?.row, record?.actor],
    ["Login.password", `{"id":${login.id}}`, "ada"],
  )

  await audited.destroy()
  await records.destroy()
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
