import { DataSource } from "typeorm"

import { TenantKeys, withEncryption } from "typeorm-fernet"
import { Patient } from "./model"

const keys: Readonly<Record<string, string | undefined>> = {
  north: process.env.ENCRYPTION_KEY,
  south: process.env.KEY_OF_SOUTH,
}

export default withEncryption(
  new DataSource({
    type: "better-sqlite3",
    database: process.env.CLINIC ?? "",
    entities: [Patient],
  }),
  { keyring: new TenantKeys((tenant) => keys[tenant] ?? []) },
)
