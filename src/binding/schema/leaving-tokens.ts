import type { EntityMetadata, Table, TableColumn } from "typeorm"

import { driverFacts } from "../../dialect/driver-facts"
import type { LeafCondition, TokenCondition } from "../../dialect/token-condition"
import type { Keyring } from "../../fernet/keyring"
import { isToken, SHORTEST_TOKEN, TOKEN_HEAD } from "../../fernet/token-format"
import type { Driver, SchemaRunner } from "../typeorm-internals"
import { columnsNamed, isOurs } from "./table-columns"
import { changesType, declaredColumn } from "./type-target"

/** Tokens of others among which those of a keyring are sought. */
const OTHERS_TOKENS = 10_000

/** Cells that begin as tokens do and are looked at closely. */
const CANDIDATES = 100

/** Columns that can hold a token. */
const TEXT_TYPES = /char|text|clob/i

/** Columns that hold documents, of which parts may be tokens, and nothing else. */
const DOCUMENT_TYPES = /json/i

/** A token as a part of a document. */
const IN_DOCUMENT = /"(g[A-P][\w-]+={0,2})"/g

/**
 * Says which columns of a table hold tokens and are not encrypted in the model: TypeORM would drop
 * them, or empty them, or hand their tokens to the application as values.
 *
 * @param keyring - by which the tokens of a column that is not to be changed are told from others';
 * without one these columns are not looked at
 */
export async function findLeavingTokens(
  runner: SchemaRunner,
  driver: Driver,
  { table, metadatas }: { readonly table: Table; readonly metadatas: readonly EntityMetadata[] },
  keyring: Keyring | undefined,
): Promise<readonly string[]> {
  const problems: string[] = []
  for (const column of table.columns) {
    if (!mayHoldTokens(column)) continue
    const declared = columnsNamed(metadatas, column.name)
    if (declared.some(isOurs)) continue
    const path = runner.escapePath(table)
    const what = { column: `${table.name}.${column.name}`, path, name: driver.escape(column.name) }
    const mayBe = conditionOf(driver, column)
    const [first] = declared
    if (!first) {
      if (await holdsTokens(runner, what, mayBe)) problems.push(dropped(what))
    } else if (changesType(column, declaredColumn(driver, first))) {
      if (await holdsTokens(runner, what, mayBe))
        problems.push(unencrypted(what, "would be emptied"))
    } else if (keyring && (await holdsOwnTokens(runner, what, mayBe, keyring))) {
      problems.push(unencrypted(what, "would be read as tokens"))
    }
  }
  return problems
}

/** A column by the names that statements and messages use. */
interface NamedColumn {
  readonly column: string
  readonly path: string
  readonly name: string
}

/** Says whether a column of a table holds tokens, whoever's. */
export async function columnHoldsTokens(
  runner: SchemaRunner,
  driver: Driver,
  table: Table,
  column: TableColumn,
): Promise<boolean> {
  if (!mayHoldTokens(column)) return false
  const path = runner.escapePath(table)
  const named = { column: column.name, path, name: driver.escape(column.name) }
  return holdsTokens(runner, named, conditionOf(driver, column))
}

function mayHoldTokens({ type, isArray }: TableColumn): boolean {
  return !isArray && (TEXT_TYPES.test(type) || DOCUMENT_TYPES.test(type))
}

/** As many candidates of which none is a token may hide one: then the column is taken to hold some. */
async function holdsTokens(
  runner: SchemaRunner,
  { path, name }: NamedColumn,
  mayBe: TokenCondition,
): Promise<boolean> {
  const found: unknown = await runner.query(
    `SELECT ${name} AS cell FROM ${path} WHERE ${mayBe(name)} LIMIT ${CANDIDATES}`,
  )
  const cells = cellsOf(found)
  return cells.some((cell) => tokensIn(cell).length > 0) || cells.length === CANDIDATES
}

/** Others' tokens are no matter; among so many of theirs, one of ours would have to hide. */
async function holdsOwnTokens(
  runner: SchemaRunner,
  { path, name }: NamedColumn,
  mayBe: TokenCondition,
  keyring: Keyring,
): Promise<boolean> {
  const cells: unknown = await runner.query(
    `SELECT ${name} AS cell FROM ${path} WHERE ${mayBe(name)} LIMIT ${OTHERS_TOKENS}`,
  )
  const tokens = cellsOf(cells).flatMap(tokensIn)
  return tokens.some((token) => keyring.keyIndexOf(token) !== undefined)
}

/** What a cell has that may be a token; of a database that is not known, in the words of every one. */
function conditionOf({ options: { type } }: Driver, column: TableColumn): TokenCondition {
  const { isToken: isShaped = mayBegin, hasTokens = mayHave } = driverFacts(type)
  const inDocument: TokenCondition = (cell) => hasTokens(cell, TOKEN_HEAD)
  if (DOCUMENT_TYPES.test(column.type)) return inDocument
  return (cell) =>
    `(${isShaped(cell)} AND length(${cell}) >= ${SHORTEST_TOKEN}) OR (${inDocument(cell)})`
}

const mayBegin: TokenCondition = (cell) => `${cell} LIKE 'g%'`

const mayHave: LeafCondition = (cell, head) => `CAST(${cell} AS TEXT) LIKE '%"${head}%'`

/** The tokens that a cell is or, as a document, has parts of. */
function tokensIn(cell: string): readonly string[] {
  const parts = [...cell.matchAll(IN_DOCUMENT)].flatMap(([, part]) => part ?? [])
  return [cell, ...parts].filter(isToken)
}

/** A document reaches some drivers parsed; a text that was stored as bytes is read as such. */
function cellsOf(rows: unknown): readonly string[] {
  return (rows as readonly { readonly cell: unknown }[]).map(({ cell }) => {
    if (typeof cell === "string") return cell
    return Buffer.isBuffer(cell) ? cell.toString("latin1") : JSON.stringify(cell)
  })
}

const DECRYPT =
  "Decrypt it with the model that still declares it encrypted, by " +
  "`typeorm-fernet column:decrypt`, and then change the model"

function dropped({ column, path, name }: NamedColumn): string {
  return (
    `${column} holds tokens, is not in the model and would be dropped with them. ${DECRYPT}. If it ` +
    `was renamed, run ALTER TABLE ${path} RENAME COLUMN ${name} TO its new name, and keep the ` +
    "`context` of its blind indexes; if its values are to be destroyed, run " +
    `ALTER TABLE ${path} DROP COLUMN ${name}.`
  )
}

function unencrypted({ column }: NamedColumn, fate: string): string {
  return `${column} holds tokens, is not encrypted in the model and ${fate}. ${DECRYPT}.`
}
