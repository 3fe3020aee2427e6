import { DataSource, type DataSourceOptions, Entity, PrimaryColumn } from "typeorm"

import { EncryptedColumn, withEncryption } from "typeorm-fernet"

@Entity("customer")
class Customer {
  @PrimaryColumn({ type: "int" })
  id!: number

  @EncryptedColumn({ blindIndex: { normalize: "trim" } })
  phone!: string

  @EncryptedColumn({ nullable: true, codec: "number" })
  credit!: number | null
}

/** Set by the test that starts a command. */
const options = JSON.parse(process.env.DATABASE ?? "{}") as DataSourceOptions

export default withEncryption(new DataSource({ ...options, entities: [Customer] }))
