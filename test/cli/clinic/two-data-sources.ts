import { DataSource } from "typeorm"

export const one = new DataSource({ type: "better-sqlite3", database: ":memory:" })
export const other = new DataSource({ type: "better-sqlite3", database: ":memory:" })
