import { DataSource } from "typeorm"

import { Patient, Visit } from "./model"

/** A promise of a DataSource that never saw `withEncryption`. */
export const dataSource = Promise.resolve(
  new DataSource({
    type: "better-sqlite3",
    database: process.env.CLINIC ?? "",
    entities: [Patient, Visit],
  }),
)
