import { EntitySchema, type EntitySchemaColumnOptions, type ValueTransformer } from "typeorm"
import { EncryptionTransformer } from "typeorm-encrypted"

import { encryptedColumn } from "../../src"
import { StraightforwardFernet } from "../fernet/straightforward"
import { ringKeys } from "../fernet/texts"
import { type Patient, type TextColumn, textColumns } from "./patient"

/** One way to keep patients in a table of its own. */
export interface Variant {
  readonly name: string
  readonly entity: EntitySchema<Patient>
  /** Whether it needs a DataSource bound by `withEncryption`. */
  readonly bound: boolean
}

const [key = ""] = ringKeys

/** Bytes in hexadecimal, as typeorm-encrypted takes its keys. */
const HEX_KEY = Buffer.from(key, "base64url").toString("hex")

/** The note alone is encrypted where there is one encrypted column. */
const one: readonly TextColumn[] = ["note"]

const text: EntitySchemaColumnOptions = { type: "text" }
const straightforward = new StraightforwardFernet(key)

/** Plain columns. */
export const plain = variant("plain", "plain columns", [], text)
/** Five columns of this package. */
export const ours5 = variant("ours_5", "typeorm-fernet, 5 columns", textColumns, encryptedColumn())
/** One column of this package. */
export const ours1 = variant("ours_1", "typeorm-fernet, 1 column", one, encryptedColumn())
/** The table of {@link ours5}, read as it is: what longer columns cost by themselves. */
export const tokens = variant("ours_5", "plain columns that hold tokens", [], text)
/** The same table, whose values are sealed and not revealed. */
export const sealed5 = variant(
  "ours_5",
  "typeorm-fernet, 5 sealed columns",
  textColumns,
  encryptedColumn({ sealed: true }),
)
/** A transformer that does nothing. */
export const noop = variant(
  "noop_5",
  "no-op transformer, 5 columns",
  textColumns,
  transformed({ to: (value: string) => value, from: (value: string) => value }),
)
/** The transformer one writes without a library. */
export const naive5 = variant(
  "naive_5",
  "straightforward node:crypto, 5 columns",
  textColumns,
  transformed({
    to: (value: string) => straightforward.encrypt(value),
    from: (value: string) => straightforward.decrypt(value),
  }),
)
/** typeorm-encrypted with authenticated encryption. */
export const gcm5 = peer("gcm_5", "typeorm-encrypted, AES-256-GCM, 5 columns", textColumns, {
  algorithm: "aes-256-gcm",
  ivLength: 12,
})
/** The same in one column. */
export const gcm1 = peer("gcm_1", "typeorm-encrypted, AES-256-GCM, 1 column", one, {
  algorithm: "aes-256-gcm",
  ivLength: 12,
})
/** typeorm-encrypted as its README has it, without authentication. */
export const cbc5 = peer("cbc_5", "typeorm-encrypted, AES-256-CBC, 5 columns", textColumns, {
  algorithm: "aes-256-cbc",
  ivLength: 16,
})

/** Every variant that has a table of its own. */
export const stored = [plain, ours5, ours1, noop, naive5, gcm5, gcm1, cbc5] as const

function transformed(transformer: ValueTransformer): EntitySchemaColumnOptions {
  return { ...text, transformer }
}

function peer(
  table: string,
  name: string,
  encrypted: readonly TextColumn[],
  options: { readonly algorithm: string; readonly ivLength: number },
): Variant {
  const transformer = new EncryptionTransformer({ key: HEX_KEY, ...options })
  return variant(table, name, encrypted, transformed(transformer))
}

function variant(
  table: string,
  name: string,
  encrypted: readonly TextColumn[],
  options: EntitySchemaColumnOptions,
): Variant {
  const column = (property: TextColumn): EntitySchemaColumnOptions =>
    encrypted.includes(property) ? options : text
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- TypeORM declares options as a class and takes plain objects
  const entity = new EntitySchema<Patient>({
    name: table,
    columns: {
      id: { type: "int", primary: true },
      ssn: column("ssn"),
      email: column("email"),
      name: column("name"),
      address: column("address"),
      note: column("note"),
    },
  })
  return { name, entity, bound: table.startsWith("ours") && encrypted.length > 0 }
}
