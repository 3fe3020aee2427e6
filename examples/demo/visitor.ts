import { type DataSource, Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn } from "typeorm-fernet"
import { tableName } from "./patient"

/** As many as take a moment to encrypt, and not more. */
export const visitorCount = 50_000

export const visitorTable = `${tableName}_visitor`

/** Whose table has been in use in plaintext, which is read until it is encrypted. */
@Entity(visitorTable)
export class Visitor {
  @PrimaryColumn({ type: "int" })
  id!: number

  @EncryptedColumn({ plaintext: "allow", blindIndex: { normalize: "lowercase" } })
  email!: string

  @EncryptedColumn({ plaintext: "allow" })
  phone!: string
}

/** Fills the table as an application without encryption did. */
export async function insertPlaintext(dataSource: DataSource): Promise<void> {
  await dataSource.query(
    `INSERT INTO ${visitorTable} (id, email, phone) ` +
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${visitorCount}) ` +
      "SELECT i, 'visitor' || i || '@example.com', '+49 30 ' || i FROM n",
  )
}
