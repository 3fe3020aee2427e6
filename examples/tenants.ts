import assert from "node:assert/strict"

import {
  Column,
  DataSource,
  DeleteDateColumn,
  Entity,
  PrimaryGeneratedColumn,
  QueryFailedError,
} from "typeorm"
import { EncryptedColumn, withEncryption } from "typeorm-fernet"

@Entity()
class Member {
  @PrimaryGeneratedColumn()
  id!: number

  @Column({ type: "int" })
  tenantId!: number

  // #region unique-scope
  @EncryptedColumn({
    blindIndex: {
      unique: { within: ["tenantId"], whereNull: ["deletedAt"] },
      normalize: ["trim", "lowercase"],
    },
  })
  email!: string
  // #endregion

  @Column({ type: "int", default: 0 })
  visits!: number

  @DeleteDateColumn()
  deletedAt!: Date | null
}

async function main(): Promise<void> {
  const dataSource = new DataSource({
    type: "postgres",
    url: process.env.DATABASE_URL,
    entities: [Member],
    synchronize: true,
  })
  const members = (await withEncryption(dataSource).initialize()).getRepository(Member)
  const alice = (tenantId: number, visits = 0) => ({ tenantId, email: "alice@example.com", visits })

  await members.insert([alice(1), alice(2)])
  await assert.rejects(members.insert(alice(1)), QueryFailedError)
  await members.softDelete({ tenantId: 1, email: "alice@example.com" })
  await members.insert(alice(1))

  // #region unique-scope
  await members.upsert(alice(1, 7), ["tenantId", "email"]) // ON CONFLICT … WHERE "deletedAt" IS NULL
  // #endregion
  const live = await members.findBy({ email: "alice@example.com" })
  assert.deepEqual(live.map(({ tenantId, visits }) => [tenantId, visits]).sort(), [
    [1, 7],
    [2, 0],
  ])
  assert.equal(await members.count({ withDeleted: true }), 3)
  await dataSource.destroy()
}

void main()
