import type { UniqueScope } from "../../../src"

/** A value of a property, or one that is sought. */
export type Scalar = number | string | null

/** What makes texts equal in one blind index, worded a second time and not taken from src. */
export type Normalization = "lowercase" | "tail" | "trim, lowercase"

/** A blind index of the encrypted model. In the plain one, each of its members has a key column. */
export interface IndexDescription {
  /** The companion column's name in the encrypted model. */
  readonly name: string
  /** Paths of the properties it covers. */
  readonly members: readonly [string, ...string[]]
  readonly bits: number
  /** Whether among all rows, or those of a scope. */
  readonly unique?: true | UniqueScope
  readonly normalization?: Normalization
}

/** An encrypted property, which is an ordinary one in the plain model. */
export interface PropertyDescription {
  /** Its path, as in `contact.city`. */
  readonly path: string
  readonly column: string
  readonly codec: "number" | "string"
  /** What rows hold and queries seek, each a marker that nothing else contains. */
  readonly values: readonly (number | string)[]
  /** Whether the encrypted model keeps it sealed in its entities. */
  readonly sealed?: true
}

/** A property that is a document, of which the encrypted model encrypts parts. */
export interface DocumentDescription {
  readonly path: string
  readonly column: string
  /** What rows hold, as JSON: markers are in the parts that are encrypted, and nowhere else. */
  readonly values: readonly string[]
}

/** The parts of every document that are encrypted. */
export const SECRET_PARTS = ["token", "hooks.*.secret"] as const

/** An entity of both models. */
export interface EntityDescription {
  readonly name: EntityName
  readonly encrypted: readonly PropertyDescription[]
  readonly documents: readonly DocumentDescription[]
  readonly indexes: readonly IndexDescription[]
  /** Properties that are plain in both models, by path, with the values that rows hold. */
  readonly plain: Readonly<Record<string, readonly Scalar[]>>
  readonly relations: Readonly<Record<string, { readonly to: EntityName; readonly many: boolean }>>
}

/** The entities of the model. */
export type EntityName = "Club" | "Person" | "Visit"

/** What every plaintext of an encrypted property contains, and nothing else does. */
export const MARKER = /zq[a-z]|9100\d\d/i

const person: EntityDescription = {
  name: "Person",
  encrypted: [
    text("secret", "secret", ["zqs1", "zqs2", "zqs3"]),
    text("email", "e_mail", ["zqann", "ZQANN", " zqann ", "zqbob", "zqBob", "zqcat", "  ZQcat"]),
    text("handle", "handle", ["zqh1", "ZQH1", "zqh2", "zqh3", "zqh4", "ZQh5", "zqh6", "zqh7"]),
    sealed("code", "code", ["zqc1", "zqc2", "zqc3", "zqc4", "zqc5", "zqc6", "zqc7", "zqc8"]),
    text("firstName", "first_name", ["zqf1", "zqf2", "zqf3"]),
    text("lastName", "lastName", ["zql1", "zql2", "zql3"]),
    text("phone", "phone", ["zqp-1-77", "zqp-2-77", "zqp-3-88", "zqp-4-88", "zqp-1-99"]),
    { path: "pin", column: "pin", codec: "number", values: [910001, 910002, 910003], sealed: true },
    text("contact.city", "contactCity", ["zqk1", "zqk2", "zqk3"]),
  ],
  documents: [
    document("settings", "the_settings", [
      { kind: "a", token: "zqj1" },
      { kind: "a", token: "zqj2", hooks: [{ url: "u", secret: "zqw1" }, { url: "v" }] },
      { kind: "b", token: null, hooks: { x: { secret: ["zqw1", 910009] }, y: { secret: "" } } },
      { kind: "b", hooks: [{ secret: 910009 }, { secret: { deep: ["zqw2"] } }] },
      { kind: null, hooks: "none", note: ["token", { hooks: 1 }] },
      {},
    ]),
  ],
  indexes: [
    index("ix_email", ["email"], { normalization: "trim, lowercase" }),
    index("ix_handle", ["handle"], { normalization: "lowercase", unique: true }),
    index("ix_code", ["code"], { bits: 2 }),
    index("ix_full_name", ["firstName", "lastName"]),
    index("ix_last_name", ["lastName"]),
    index("ix_phone", ["phone"], { bits: 128, unique: { within: ["ward"] } }),
    index("ix_phone_tail", ["phone"], { normalization: "tail" }),
    index("ix_pin", ["pin"], { unique: { whereNull: ["deletedAt"] } }),
    index("ix_city", ["contact.city"]),
  ],
  plain: { id: [], rank: [0, 1, 2, 3], ward: ["a", "b", "c", null], "contact.street": ["s", "t"] },
  relations: { club: { to: "Club", many: false }, visits: { to: "Visit", many: true } },
}

const club: EntityDescription = {
  name: "Club",
  encrypted: [
    sealed("badge", "badge", ["zqb1", "zqb2", "zqb3"]),
    text("motto", "the_motto", ["zqm1", "zqm2", "zqm3", "zqm4", "zqm5"]),
  ],
  documents: [],
  indexes: [index("ix_badge", ["badge"]), index("ix_motto", ["motto"], { bits: 1 })],
  plain: { id: [], town: ["x", "y"] },
  relations: { persons: { to: "Person", many: true } },
}

const visit: EntityDescription = {
  name: "Visit",
  encrypted: [
    sealed("note", "note", ["zqn1", "zqn2"]),
    text("kind", "kind", ["zqv1", "zqv2", "zqv3"]),
    text("topic", "topic", ["zqt1", "ZQT1", "zqt2"]),
    text("detail", "the_detail", ["zqd1", "zqd2", "ZQD2"]),
  ],
  documents: [document("report", "report", [{ token: "zqr1" }, { kind: "c", token: ["zqr2"] }])],
  indexes: [
    index("ix_kind", ["kind"]),
    index("ix_topic_detail", ["topic", "detail"], { bits: 2, normalization: "lowercase" }),
  ],
  plain: { id: [], size: [0, 1, 2, 3] },
  relations: { person: { to: "Person", many: false } },
}

/** The entities by name. */
export const entities: Readonly<Record<EntityName, EntityDescription>> = {
  Club: club,
  Person: person,
  Visit: visit,
}

/** The encrypted property at a path, if there is one. */
export function encryptedAt(entity: EntityName, path: string): PropertyDescription | undefined {
  return entities[entity].encrypted.find((one) => one.path === path)
}

/** The document at a path, if there is one. */
export function documentAt(entity: EntityName, path: string): DocumentDescription | undefined {
  return entities[entity].documents.find((one) => one.path === path)
}

/** The indexes that cover a property, the ones over it alone first. */
export function indexesOf(entity: EntityName, path: string): readonly IndexDescription[] {
  const covering = entities[entity].indexes.filter(({ members }) => members.includes(path))
  return [...covering].sort((a, b) => a.members.length - b.members.length)
}

/** The path of the plain model's key column for a member of an index: its value, normalized. */
export function keyPath({ name, members }: IndexDescription, member: string): string {
  const parent = member.slice(0, member.lastIndexOf(".") + 1)
  return `${parent}${name}${members.length > 1 ? `_${member}` : ""}`
}

/** What an index makes of a value, so that equal means equal. */
export function normalized(index: IndexDescription, value: Scalar): Scalar {
  if (typeof value !== "string") return value
  switch (index.normalization) {
    case "lowercase":
      return value.toLowerCase()
    case "tail":
      return value.slice(-2)
    case "trim, lowercase":
      return value.trim().toLowerCase()
    case undefined:
      return value
  }
}

function text(path: string, column: string, values: readonly string[]): PropertyDescription {
  return { path, column, codec: "string", values }
}

function sealed(path: string, column: string, values: readonly string[]): PropertyDescription {
  return { ...text(path, column, values), sealed: true }
}

function document(path: string, column: string, values: readonly object[]): DocumentDescription {
  return { path, column, values: values.map((one) => JSON.stringify(one)) }
}

function index(
  name: string,
  members: readonly [string, ...string[]],
  options: Partial<IndexDescription> = {},
): IndexDescription {
  return { bits: 256, ...options, name, members }
}
