import { EntitySchema, type EntitySchemaColumnOptions } from "typeorm"

import {
  type DocumentColumnType,
  encryptedColumn,
  type EncryptedColumnOptions,
  type TokenColumnType,
} from "../../../src"
import type { TestDatabase } from "../../support/databases"

/** The types that hold documents on each database. */
export const documentTypes: Readonly<
  Record<TestDatabase["name"], readonly (DocumentColumnType | TokenColumnType)[]>
> = {
  PostgreSQL: ["jsonb", "json", "text"],
  MariaDB: ["json", "text"],
  SQLite: ["json", "text", "simple-json"],
}

/** A webhook, whose settings are a document with secrets in it. */
export interface Webhook {
  id: number
  config: unknown
  version: number
}

/** The paths to the secrets. */
export const secretPaths = ["headers.Authorization", "actions.*.token", String.raw`x\.y`]

/** A document with everything in it. */
export const everything = {
  kind: "http",
  count: 3,
  headers: { Authorization: "Bearer s3cret", Accept: "*/*", "X-Empty": "" },
  actions: [
    { token: "t0k3n", name: "first" },
    { token: null },
    { token: 42.5 },
    { token: { nested: [true, null, "deep s3cret"] } },
    {},
  ],
  "x.y": false,
}

function webhooks(name: string, config: EntitySchemaColumnOptions): EntitySchema<Webhook> {
  return new EntitySchema<Webhook>({
    name,
    tableName: name.toLowerCase(),
    columns: {
      id: { type: Number, primary: true },
      config: { nullable: true, ...config },
      version: { type: Number, version: true },
    },
  })
}

/** Webhooks with their secrets encrypted. */
export function encryptedWebhooks(
  type: DocumentColumnType | TokenColumnType,
  options: EncryptedColumnOptions = {},
): EntitySchema<Webhook> {
  return webhooks(
    "Webhook",
    encryptedColumn({ type, codec: "json", paths: secretPaths, ...options }),
  )
}

/** The same in plaintext, with what makes JSON of text where the type does not. */
export function plainWebhooks(
  type: DocumentColumnType | TokenColumnType,
  name = "Plain",
): EntitySchema<Webhook> {
  const isText = !["json", "jsonb", "simple-json"].includes(type)
  return webhooks(name, {
    type,
    ...(isText && {
      transformer: {
        to: (value: unknown) =>
          value === null || value === undefined ? value : JSON.stringify(value),
        from: (cell: unknown) => (typeof cell === "string" ? (JSON.parse(cell) as unknown) : cell),
      },
    }),
  })
}

/** A stored document, whether the driver parses it or not. */
export function stored(cell: unknown): unknown {
  return typeof cell === "string" ? (JSON.parse(cell) as unknown) : cell
}
