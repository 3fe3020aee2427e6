import assert from "node:assert/strict"
import { createHmac, timingSafeEqual } from "node:crypto"
import { DataSource, Entity, PrimaryGeneratedColumn } from "typeorm"
import { BlindEqual, EncryptedColumn, Sealed, withEncryption } from "typeorm-fernet"

// #region sealed
@Entity()
class Integration {
  @PrimaryGeneratedColumn()
  id!: number

  @EncryptedColumn({ sealed: true, blindIndex: true })
  apiKey!: Sealed<string>

  @EncryptedColumn({ sealed: true, nullable: true, cached: { seconds: 30 } })
  webhookSecret!: Sealed<string> | null

  @EncryptedColumn({ sealed: true, padTo: 64 })
  password!: Sealed<string>
}
// #endregion

async function main(): Promise<void> {
  const dataSource = withEncryption(
    new DataSource({
      type: "postgres",
      url: process.env.DATABASE_URL,
      entities: [Integration],
      synchronize: true,
    }),
  )
  await dataSource.initialize()

  // #region sealed-use
  const integrations = dataSource.getRepository(Integration)
  const integration = integrations.create({
    apiKey: Sealed.of("sk-live-1"),
    webhookSecret: Sealed.of("whsec-1"),
    password: Sealed.of("hunter2"),
  })
  await integrations.save(integration)

  const [found] = await integrations.findBy({ apiKey: BlindEqual("sk-live-1") })
  console.log(found) // apiKey: [sealed]
  const authorization = `Bearer ${found?.apiKey.reveal() ?? ""}`
  // #endregion
  assert.equal(authorization, "Bearer sk-live-1")
  assert.match(JSON.stringify(found), /"apiKey":"\[sealed\]"/)
  if (!found) throw new Error("not found")

  // #region sealed-bytes
  function isSigned(secret: Sealed<string>, body: string, signature: Buffer): boolean {
    return secret.use((key) => {
      const expected = createHmac("sha256", key).update(body).digest()
      return timingSafeEqual(expected, signature)
    })
  }

  const isSame = found.password.equals("hunter2")
  // #endregion
  const signature = createHmac("sha256", "whsec-1").update("{}").digest()
  assert.ok(found.webhookSecret && isSigned(found.webhookSecret, "{}", signature))
  assert.ok(isSame)

  await dataSource.destroy()
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
