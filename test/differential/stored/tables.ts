import type { DataSource, EntityMetadata } from "typeorm"

import {
  type EntityDescription,
  entities,
  type EntityName,
  indexesOf,
  keyPath,
  normalized,
  type Scalar,
} from "../model/description"
import type { Variant } from "../model/variants"
import { encryptedCell, indexValue, isToken, readCell } from "./cell"
import { encryptedDocument, parsed, readDocument } from "./document"
import type { Row, World } from "./world"

/** A row as it is inserted, by column. */
type Cells = Record<string, Scalar>

/** What a row holds, however it is stored. */
export type Plain = Readonly<Record<string, unknown>>

/** Parents before children. */
const ORDER: readonly EntityName[] = ["Club", "Person", "Visit"]

/** Where generated keys go on, beyond those of the world. */
const NEXT_ID = 1000

/** The tables of one model in one database. */
export class Tables {
  readonly #dataSource: DataSource
  readonly #variant: Variant
  readonly #encrypts: boolean
  readonly #columns = new Map<string, string>()
  #cells: Record<EntityName, readonly Cells[]> = { Club: [], Person: [], Visit: [] }

  constructor(dataSource: DataSource, variant: Variant, encrypts: boolean) {
    this.#dataSource = dataSource
    this.#variant = variant
    this.#encrypts = encrypts
  }

  /** Fills the tables with the rows of a world, which {@link reset} returns to. */
  async load(world: World): Promise<void> {
    for (const name of [...ORDER].reverse()) await this.#run(`DELETE FROM ${this.#table(name)}`)
    for (const name of ORDER) {
      this.#cells[name] = world[name].map((row) => this.#cellsOf(entities[name], row))
      await this.#insert(name, this.#cells[name])
      await this.#run(`DROP TABLE IF EXISTS ${this.#table(name, "kept")}`)
      await this.#run(
        `CREATE TABLE ${this.#table(name, "kept")} AS SELECT * FROM ${this.#table(name)}`,
      )
    }
    await this.#restartKeys()
  }

  /** Undoes every change since the world was loaded. */
  async reset(): Promise<void> {
    for (const name of [...ORDER].reverse()) await this.#run(`DELETE FROM ${this.#table(name)}`)
    for (const name of ORDER) {
      await this.#run(`INSERT INTO ${this.#table(name)} SELECT * FROM ${this.#table(name, "kept")}`)
    }
    await this.#restartKeys()
  }

  /** The cell as it is stored of a property of the n-th row, counted anew from the last. */
  cell(name: EntityName, path: string, n: number): string | undefined {
    const cells = this.#cells[name]
    const column = this.#column(name, path)
    const tokens = cells.map((row) => row[column]).filter(isToken)
    return tokens[n % Math.max(1, tokens.length)]
  }

  /**
   * What the tables hold, read without src.
   *
   * @throws if a cell is not as the variant has it, or an index value is not its row's
   */
  async read(): Promise<Record<string, readonly Plain[]>> {
    const tables: Record<string, readonly Plain[]> = {}
    for (const name of ORDER) {
      const rows = await this.#run(`SELECT * FROM ${this.#table(name)} ORDER BY id`)
      tables[name] = rows.map((row) => this.#plainOf(entities[name], row))
    }
    return tables
  }

  #cellsOf(entity: EntityDescription, row: Row): Cells {
    const cells: Cells = entity.name === "Person" ? { version: 1 } : {}
    for (const path of Object.keys(entity.plain)) {
      cells[this.#column(entity.name, path)] = row.values[path] ?? null
    }
    for (const [relation, id] of Object.entries(row.references)) cells[`${relation}Id`] = id
    for (const { path } of entity.encrypted) {
      Object.assign(
        cells,
        this.#encrypts ? this.#stored(entity, row, path) : this.#keyed(entity, row, path),
      )
    }
    for (const { path } of entity.documents) Object.assign(cells, this.#document(entity, row, path))
    return this.#encrypts ? { ...cells, ...this.#companions(entity, row) } : cells
  }

  #stored({ name }: EntityDescription, row: Row, path: string): Cells {
    const value = row.values[path] ?? null
    const way = row.stored[path] ?? 0
    const key = way === "plaintext" ? undefined : this.#variant.keys[way]
    const cell =
      value === null ? null : key === undefined ? String(value) : encryptedCell(key, value)
    return { [this.#column(name, path)]: cell }
  }

  #document({ name }: EntityDescription, row: Row, path: string): Cells {
    const json = row.values[path] ?? null
    const way = row.stored[path] ?? 0
    const key = way === "plaintext" ? undefined : this.#variant.keys[way]
    const isPlain = !this.#encrypts || key === undefined || json === null
    return { [this.#column(name, path)]: isPlain ? json : encryptedDocument(key, String(json)) }
  }

  #keyed({ name }: EntityDescription, row: Row, path: string): Cells {
    const value = row.values[path] ?? null
    const cells: Cells = { [this.#column(name, path)]: value }
    for (const index of indexesOf(name, path)) {
      const isIndexed = !row.unindexed.includes(index.name)
      cells[this.#column(name, keyPath(index, path))] = isIndexed ? normalized(index, value) : null
    }
    return cells
  }

  #companions({ name, indexes }: EntityDescription, row: Row): Cells {
    const cells: Cells = {}
    for (const index of indexes) {
      const ways = index.members.map((path) => row.stored[path] ?? 0)
      const [way = 0] = ways
      const isIndexed = !ways.includes("plaintext") && !row.unindexed.includes(index.name)
      const { indexKeys } = this.#variant
      const key = indexKeys[typeof way === "number" ? way % indexKeys.length : 0] ?? indexKeys[0]
      const values = index.members.map((path) => row.values[path] ?? null)
      cells[index.name] = isIndexed ? indexValue(name, index, key, values) : null
    }
    return cells
  }

  #plainOf(entity: EntityDescription, row: Record<string, unknown>): Plain {
    const { name, encrypted, plain, relations } = entity
    const held: Record<string, unknown> = {}
    for (const path of Object.keys(plain)) held[path] = row[this.#column(name, path)]
    for (const [relation, { many }] of Object.entries(relations)) {
      if (!many) held[relation] = row[`${relation}Id`]
    }
    if (name === "Person")
      Object.assign(held, { version: row.version, deleted: row.deletedAt !== null })
    for (const property of encrypted) {
      const cell = row[this.#column(name, property.path)]
      const { keys, legacy = false } = this.#variant
      held[property.path] = this.#encrypts ? readCell(property, cell, keys, legacy) : cell
    }
    for (const { path } of entity.documents) {
      const cell = row[this.#column(name, path)]
      const { keys, legacy = false } = this.#variant
      held[path] = this.#encrypts ? readDocument(cell, keys, legacy) : parsed(cell)
    }
    if (this.#encrypts) this.#checkCompanions(entity, row, held as Record<string, Scalar>)
    return held
  }

  #checkCompanions(
    { name, indexes }: EntityDescription,
    row: Record<string, unknown>,
    held: Readonly<Record<string, Scalar>>,
  ): void {
    const { indexKeys, legacy, unindexed } = this.#variant
    for (const index of indexes) {
      const values = index.members.map((path) => held[path] ?? null)
      const cells = index.members.map((path) => row[this.#column(name, path)])
      const inPlaintext = legacy && cells.some((cell) => cell !== null && !isToken(cell))
      const allowed = indexKeys.map((key) => indexValue(name, index, key, values))
      if (inPlaintext || unindexed) allowed.push(null)
      if (allowed.includes(row[index.name] as string | null)) continue
      throw new Error(`${name}.${index.name} does not hold what its row ${String(row.id)} is`)
    }
  }

  async #insert(name: EntityName, rows: readonly Cells[]): Promise<void> {
    const columns = Object.keys(rows[0] ?? {})
    const values = rows.flatMap((row) => columns.map((column) => row[column] ?? null))
    const isPostgres = this.#dataSource.options.type === "postgres"
    const marks = rows.map((_, i) => {
      const row = columns.map((__, j) => (isPostgres ? `$${i * columns.length + j + 1}` : "?"))
      return `(${row.join(", ")})`
    })
    const names = columns.map((column) => this.#dataSource.driver.escape(column))
    await this.#run(
      `INSERT INTO ${this.#table(name)} (${names.join(", ")}) VALUES ${marks.join(", ")}`,
      values,
    )
  }

  async #restartKeys(): Promise<void> {
    const { type } = this.#dataSource.options
    const table = this.#table("Visit")
    if (type === "postgres") {
      await this.#run(`SELECT setval(pg_get_serial_sequence('${table}', 'id'), ${NEXT_ID})`)
    } else if (type === "mariadb") {
      await this.#run(`ALTER TABLE ${table} AUTO_INCREMENT = ${NEXT_ID}`)
    } else {
      const name = this.#metadata("Visit").tableName
      await this.#run("DELETE FROM sqlite_sequence WHERE name = ?", [name])
      await this.#run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", [name, NEXT_ID])
    }
  }

  #run(sql: string, parameters?: unknown[]): Promise<Record<string, unknown>[]> {
    return this.#dataSource.query(sql, parameters)
  }

  #table(name: EntityName, suffix = ""): string {
    const { tableName } = this.#metadata(name)
    return this.#dataSource.driver.escape(suffix === "" ? tableName : `${tableName}_${suffix}`)
  }

  #metadata(name: EntityName): EntityMetadata {
    return this.#dataSource.getMetadata(name)
  }

  #column(name: EntityName, path: string): string {
    const known = this.#columns.get(`${name}.${path}`)
    if (known !== undefined) return known
    const column = this.#metadata(name).findColumnWithPropertyPath(path)
    if (!column) throw new Error(`${name} has no ${path}.`)
    this.#columns.set(`${name}.${path}`, column.databaseName)
    return column.databaseName
  }
}
