import { Column, Entity, EntitySchema, PrimaryColumn } from "typeorm"

import { type Codec, encryptedColumn, EncryptedColumn, type Sealed } from "../../../../src"
import type { DatabaseName } from "../../../support/database-names"

/** An amount in one currency, whose plaintext is `12.50 EUR`. */
export interface Money {
  readonly cents: number
  readonly currency: string
}

const money: Codec<Money> = {
  encode: ({ cents, currency }) => `${(cents / 100).toFixed(2)} ${currency}`,
  decode: (plaintext) => {
    const [amount = "", currency = ""] = Buffer.from(plaintext).toString().split(" ")
    return { cents: Math.round(Number(amount) * 100), currency }
  },
  canonical: ({ cents, currency }) => `${cents} ${currency}`,
}

const lastFour = (text: string): string => text.slice(-4)

/** A column of each codec, and of each option that changes a token. */
@Entity("sample")
export class Sample {
  @PrimaryColumn({ type: "int" }) id!: number
  @EncryptedColumn({ nullable: true }) text!: string | null
  @EncryptedColumn({ type: "varchar", length: 255, nullable: true }) line!: string | null
  @EncryptedColumn({ codec: "number", nullable: true }) number!: number | null
  @EncryptedColumn({ codec: "bigint", nullable: true }) bigint!: bigint | null
  @EncryptedColumn({ codec: "boolean", nullable: true }) boolean!: boolean | null
  @EncryptedColumn({ codec: "date", nullable: true }) date!: Date | null
  @EncryptedColumn({ codec: "json", nullable: true }) json!: unknown
  @EncryptedColumn({ codec: "bytes", nullable: true }) bytes!: Uint8Array | null
  @EncryptedColumn({ codec: money, nullable: true }) money!: Money | null
  @EncryptedColumn({ padTo: 64, nullable: true }) padded!: string | null
  @EncryptedColumn({ sealed: true, nullable: true }) sealed!: Sealed<string> | null
  @EncryptedColumn({ constrained: true, nullable: true }) constrained!: string | null
}

/** What is embedded twice, so that the name of its index has a prefix. */
export class Contact {
  @EncryptedColumn({ blindIndex: { normalize: "digits" } }) phone!: string
}

/** A blind index of each kind. */
@Entity("indexed")
export class Indexed {
  @PrimaryColumn({ type: "int" }) id!: number
  @EncryptedColumn({ blindIndex: true }) text!: string
  @EncryptedColumn({ blindIndex: { unique: true, normalize: ["trim", "lowercase"] } })
  email!: string
  @EncryptedColumn({ blindIndex: { normalize: ["nfkc", "uppercase"] } }) town!: string
  @EncryptedColumn({ blindIndex: { bits: 256, context: "old/table/column" } }) wide!: string
  @EncryptedColumn({ blindIndex: { bits: 8 } }) truncated!: string
  @EncryptedColumn({ blindIndex: { slow: 10 } }) slow!: string
  @EncryptedColumn({ blindIndex: [true, { name: "iban_tail", normalize: lastFour }] }) iban!: string
  @EncryptedColumn({ blindIndex: { with: ["lastName"], normalize: "lowercase" } })
  firstName!: string
  @EncryptedColumn() lastName!: string
  @EncryptedColumn({ codec: "number", blindIndex: true }) number!: number
  @EncryptedColumn({ codec: "bigint", blindIndex: true }) bigint!: bigint
  @EncryptedColumn({ codec: "boolean", blindIndex: true }) boolean!: boolean
  @EncryptedColumn({ codec: "date", blindIndex: true }) date!: Date
  @EncryptedColumn({ codec: "bytes", blindIndex: true }) bytes!: Uint8Array
  @EncryptedColumn({ codec: money, blindIndex: true }) money!: Money
  @EncryptedColumn({ padTo: 32, blindIndex: true }) padded!: string
  @EncryptedColumn({ sealed: true, blindIndex: { unique: true } }) sealed!: Sealed<string>
  @Column(() => Contact) home!: Contact
  @Column(() => Contact) work!: Contact
}

/** Unique per tenant. */
@Entity("seat")
export class Seat {
  @PrimaryColumn({ type: "int" }) id!: number
  @Column({ type: "int" }) tenantId!: number
  @EncryptedColumn({ blindIndex: { unique: { within: ["tenantId"] } } }) email!: string
}

/** Unique among live rows, where the database has indexes over some rows. */
@Entity("subscriber")
export class Subscriber {
  @PrimaryColumn({ type: "int" }) id!: number
  @Column({ type: "int", nullable: true }) leftIn!: number | null
  @EncryptedColumn({ blindIndex: { unique: { whereNull: ["leftIn"] } } }) email!: string
}

/** Columns with keys of their own. */
@Entity("column_keyed")
export class ColumnKeyed {
  @PrimaryColumn({ type: "int" }) id!: number
  @EncryptedColumn({ columnKey: "only" }) only!: string
  @EncryptedColumn({ columnKey: { context: ["old table", "old column"] } }) named!: string
  @EncryptedColumn({ columnKey: "moving", blindIndex: true }) moving!: string
  @EncryptedColumn({ columnKey: "only", paths: ["secret"] }) document!: unknown
}

/** What the commands encrypt, instead of an application. */
@Entity("adopted")
export class Adopted {
  @PrimaryColumn({ type: "int" }) id!: number
  @EncryptedColumn({ blindIndex: true }) email!: string
  @EncryptedColumn({ codec: "number", nullable: true }) weight!: number | null
  @EncryptedColumn({ type: "text", paths: ["headers.Authorization"] }) webhook!: unknown
}

/** In a schema of its own, which the context of keys and indexes then has. */
@Entity("referral", { schema: "ward" })
export class Referral {
  @PrimaryColumn({ type: "int" }) id!: number
  @EncryptedColumn({ blindIndex: true }) email!: string
  @EncryptedColumn({ columnKey: "only" }) note!: string
}

/** Whose index has a ring of its own. */
@Entity("apart")
export class Apart {
  @PrimaryColumn({ type: "int" }) id!: number
  @EncryptedColumn({ blindIndex: { unique: true } }) email!: string
}

/** A row of one of two tenants. */
@Entity("visit")
export class Visit {
  @PrimaryColumn({ type: "int" }) id!: number
  @Column({ type: "varchar", length: 20 }) tenant!: string
  @EncryptedColumn({ blindIndex: true }) email!: string
  @EncryptedColumn({ columnKey: "only" }) note!: string
}

/** A document of which parts are tokens. */
export interface Webhook {
  id: number
  config: unknown
}

/** Documents in a column of one type. */
export function webhooks(type: "json" | "jsonb" | "text"): EntitySchema<Webhook> {
  const paths = ["headers.Authorization", "actions.*.token", String.raw`x\.y`]
  return new EntitySchema<Webhook>({
    name: `webhook_${type}`,
    columns: {
      id: { type: "int", primary: true },
      config: encryptedColumn({ type, paths, nullable: true }),
    },
  })
}

/** The types of documents on each database. */
export const documentTypes = {
  PostgreSQL: ["json", "jsonb", "text"],
  MariaDB: ["json", "text"],
  SQLite: ["json", "text"],
} as const satisfies Record<DatabaseName, readonly ("json" | "jsonb" | "text")[]>
