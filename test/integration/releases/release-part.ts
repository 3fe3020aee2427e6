import type { DataSource, EntitySchema, FindOptionsWhere, ObjectLiteral } from "typeorm"

/** The keys that a part of a dump is opened with: before, at, during and after what is tested. */
export type Ring = "older" | "rotated" | "rotating" | "stored"

/** A row with the key that every table of a dump has. */
export type Row = ObjectLiteral & { readonly id: number }

/** A table of a dump, and what an application finds there. */
export interface ReleaseTable {
  readonly entity: EntitySchema<ObjectLiteral> | (new () => ObjectLiteral)
  /** What is in it, under the first key of its ring. */
  readonly rows: readonly Row[]
  /** What is in it under the key of before. */
  readonly older?: readonly Row[]
  /** Whether plaintext was encrypted there by the bulk functions. Defaults to `false`. */
  readonly inBulk?: boolean
  /** A condition that is true for these rows, where the table has others. */
  readonly of?: FindOptionsWhere<ObjectLiteral>
  /** Conditions, and the rows that each finds. */
  readonly searches?: readonly (readonly [FindOptionsWhere<ObjectLiteral>, readonly number[]])[]
  /** A row that a unique index refuses. */
  readonly refused?: Row
}

/** What a release stored under the keys of one DataSource. */
export interface ReleasePart {
  readonly name: string
  readonly tables: readonly ReleaseTable[]
  /** Binds a DataSource as the release did, or with its keys rotated. */
  readonly bind: (dataSource: DataSource, ring: Ring) => DataSource
  /** Does work for the tenant whose rows these are. */
  readonly within?: <Result>(work: () => Promise<Result>) => Promise<Result>
  /** Of which rows bulk functions are told. */
  readonly where?: string
}

/** The entities of a part, for a DataSource. */
export function entitiesOf({ tables }: ReleasePart): ReleaseTable["entity"][] {
  return tables.map(({ entity }) => entity)
}

/** Does work with the keys of a part at hand. */
export function withinPart<Result>(
  { within = (ask) => ask() }: ReleasePart,
  work: () => Promise<Result>,
): Promise<Result> {
  return within(work)
}
