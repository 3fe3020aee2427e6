import { DataSource } from "typeorm"

import { withEncryption } from "typeorm-fernet"
import { Patient, Visit } from "./model.ts"

export const dataSource = withEncryption(
  new DataSource({
    type: "better-sqlite3",
    database: process.env.CLINIC,
    entities: [Patient, Visit],
  }),
)

// The same one twice is one
export default dataSource
