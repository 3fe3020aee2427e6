import {
  type DataSourceOptions,
  EntitySchema,
  type EntitySchemaColumnOptions,
  type EntitySchemaIndexOptions,
  type ObjectLiteral,
} from "typeorm"

import { type BlindIndexOptions, encryptedColumn, type UniqueScope } from "../../../src"
import {
  type EntityDescription,
  entities,
  type IndexDescription,
  indexesOf,
  keyPath,
  type Normalization,
  type PropertyDescription,
  SECRET_PARTS,
} from "./description"
import type { Variant } from "./variants"

type Columns = Record<string, EntitySchemaColumnOptions>

/** How a model has its encrypted properties, and its documents. */
interface Secrets {
  readonly of: (entity: EntityDescription, property: PropertyDescription) => Columns
  readonly document: (column: string) => EntitySchemaColumnOptions
}

/** The model with encrypted columns. */
export function encryptedSchemas(
  variant: Variant,
  type: DataSourceOptions["type"],
): EntitySchema[] {
  const unique = uniqueness(variant, type)
  const of: Secrets["of"] = (entity, property) => ({
    [nameOf(property.path)]: encryptedColumn({
      name: property.column,
      nullable: true,
      codec: property.codec,
      ...(property.sealed && { sealed: true }),
      blindIndex: entity.indexes
        .filter(({ members: [declaredOn] }) => declaredOn === property.path)
        .map(
          ({ name, members: [, ...others], bits, normalization, ...index }): BlindIndexOptions => ({
            name,
            bits,
            context: `${entity.name}/${name}`,
            unique: unique(index),
            // What is missing from it is known, and the model in plaintext misses it, too
            ...((variant.unindexed ?? variant.legacy) && { building: false }),
            ...(normalization && { normalize: normalizers[normalization] }),
            ...(others.length > 0 && { with: others.map(nameOf) }),
          }),
        ),
    }),
  })
  const document: Secrets["document"] = (name) =>
    encryptedColumn({
      ...{ name, nullable: true, type: documentType(type), codec: "json" },
      paths: [...SECRET_PARTS],
    })
  return schemas({ of, document })
}

function documentType(type: DataSourceOptions["type"]): "json" | "jsonb" | "simple-json" {
  if (type === "postgres") return "jsonb"
  return type === "mariadb" ? "json" : "simple-json"
}

/** Values are unique only where all of a variant's index values are there, under one key. */
function uniqueness(
  variant: Variant,
  type: DataSourceOptions["type"],
): (index: Pick<IndexDescription, "unique">) => UniqueScope | boolean {
  return ({ unique = false }) => {
    if (variant.unique !== true) return false
    // Which of several keys an upsert goes by there is up to the order of its indexes
    return typeof unique === "object" && type === "mariadb" ? false : unique
  }
}

const normalizers: Record<Normalization, BlindIndexOptions["normalize"]> = {
  lowercase: "lowercase",
  tail: (value) => value.slice(-2),
  "trim, lowercase": ["trim", "lowercase"],
}

/** The same model in plaintext, with a key column for each member of an index. */
export function plainSchemas(variant: Variant, type: DataSourceOptions["type"]): EntitySchema[] {
  const unique = uniqueness(variant, type)
  const scoped = entities.Person.indexes.flatMap((index) => {
    const scope = unique(index)
    if (typeof scope !== "object") return []
    const { within = [], whereNull = [] } = scope
    const where = whereNull.map((path) => `"${path}" IS NULL`).join(" AND ")
    const columns = [...index.members.map((member) => keyPath(index, member)), ...within]
    return [{ columns, unique: true, ...(where !== "" && { where }) }]
  })
  const of: Secrets["of"] = (entity, property) => {
    const keyColumns = indexesOf(entity.name, property.path).map((index) => [
      nameOf(keyPath(index, property.path)),
      { ...plainColumn(property, type), unique: unique(index) === true },
    ])
    return {
      [nameOf(property.path)]: { ...plainColumn(property, type), name: property.column },
      ...(Object.fromEntries(keyColumns) as Columns),
    }
  }
  const document: Secrets["document"] = (name) => ({
    name,
    type: documentType(type),
    nullable: true,
  })
  return schemas({ of, document }, scoped)
}

/** Compares byte by byte, as index values are compared. */
function plainColumn(
  { codec }: PropertyDescription,
  type: DataSourceOptions["type"],
): EntitySchemaColumnOptions {
  if (codec === "number") return { type: "int", nullable: true }
  const collation = type === "mariadb" ? { collation: "utf8mb4_nopad_bin" } : {}
  return { type: "varchar", length: 255, nullable: true, ...collation }
}

function schemas(secrets: Secrets, personIndices: EntitySchemaIndexOptions[] = []): EntitySchema[] {
  return [clubSchema(secrets), personSchema(secrets, personIndices), visitSchema(secrets)]
}

function clubSchema(secrets: Secrets): EntitySchema {
  return new EntitySchema<ObjectLiteral>({
    name: "Club",
    tableName: "club",
    columns: {
      id: { type: "int", primary: true },
      town: { type: "varchar", length: 20, nullable: true },
      ...columnsOf(entities.Club, secrets, ""),
    },
    relations: { persons: { type: "one-to-many", target: "Person", inverseSide: "club" } },
  })
}

function personSchema(secrets: Secrets, indices: EntitySchemaIndexOptions[]): EntitySchema {
  const contact = new EntitySchema<ObjectLiteral>({
    name: "Contact",
    columns: {
      street: { type: "varchar", length: 20, nullable: true },
      ...columnsOf(entities.Person, secrets, "contact."),
    },
  })
  return new EntitySchema<ObjectLiteral>({
    name: "Person",
    tableName: "person",
    indices,
    columns: {
      id: { type: "int", primary: true },
      rank: { type: "int", default: 0 },
      ward: { type: "varchar", length: 20, nullable: true },
      version: { type: "int", version: true },
      deletedAt: { type: Date, deleteDate: true, nullable: true },
      ...columnsOf(entities.Person, secrets, ""),
    },
    // Embedded columns are named as they say, in both models
    embeddeds: { contact: { schema: contact, prefix: "" } },
    relations: {
      club: { type: "many-to-one", target: "Club", inverseSide: "persons", nullable: true },
      visits: { type: "one-to-many", target: "Visit", inverseSide: "person", cascade: true },
    },
  })
}

function visitSchema(secrets: Secrets): EntitySchema {
  return new EntitySchema<ObjectLiteral>({
    name: "Visit",
    tableName: "visit",
    columns: {
      id: { type: "int", primary: true, generated: "increment" },
      size: { type: "int", default: 0 },
      ...columnsOf(entities.Visit, secrets, ""),
    },
    relations: {
      person: {
        type: "many-to-one",
        target: "Person",
        inverseSide: "visits",
        nullable: true,
        onDelete: "CASCADE",
      },
    },
  })
}

/** The encrypted properties and documents of an entity, or of what is embedded in it. */
function columnsOf(entity: EntityDescription, secrets: Secrets, prefix: string): Columns {
  const here = entity.encrypted.filter(({ path }) => path === `${prefix}${nameOf(path)}`)
  const documents = prefix === "" ? entity.documents : []
  return Object.assign(
    {},
    ...here.map((property) => secrets.of(entity, property)),
    ...documents.map(({ path, column }) => ({ [path]: secrets.document(column) })),
  ) as Columns
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1)
}
