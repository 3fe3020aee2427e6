import { DataSource } from "typeorm"

import { type ColumnKeyMode, withEncryption } from "typeorm-fernet"
import { Patient, Visit } from "./model"

// A greeting on stdout, as some libraries have it, must not end up in what a command prints there
console.log("loading the clinic")

const columnKeys = process.env.COLUMN_KEYS as ColumnKeyMode | undefined

export default withEncryption(
  new DataSource({
    type: "better-sqlite3",
    database: process.env.CLINIC ?? "",
    entities: [Patient, Visit],
    synchronize: true,
    dropSchema: true,
  }),
  columnKeys ? { columnKeys } : {},
)
