import assert from "node:assert/strict"
import { DataSource } from "typeorm"
import { withEncryption } from "typeorm-fernet"
// #region entity-schema
import { EntitySchema } from "typeorm"
import { encryptedColumn } from "typeorm-fernet"

interface Camera {
  id: number
  password: string | null
}

const CameraSchema = new EntitySchema<Camera>({
  name: "camera",
  columns: {
    id: { type: "int", primary: true, generated: true },
    password: encryptedColumn({ nullable: true }),
  },
})
// #endregion

async function main(): Promise<void> {
  const dataSource = withEncryption(
    new DataSource({
      type: "postgres",
      url: process.env.DATABASE_URL,
      entities: [CameraSchema],
      synchronize: true,
    }),
  )
  await dataSource.initialize()
  const cameras = dataSource.getRepository(CameraSchema)
  await cameras.save([{ password: "correct horse" }, { password: null }])
  assert.deepEqual(await cameras.find({ order: { id: "ASC" } }), [
    { id: 1, password: "correct horse" },
    { id: 2, password: null },
  ])
  await dataSource.destroy()
}

void main()
