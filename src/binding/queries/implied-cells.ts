import { driverFacts } from "../../dialect/driver-facts"
import { encryptedColumnsOf } from "../columns/encrypted-columns"
import { isKeyword, isSymbol, type SqlPlace } from "./sql-scopes"
import {
  columnNamed,
  isAliasOfItem,
  type Mention,
  type Reading,
  tableCalled,
  tablesIn,
} from "./string-mentions"

/** An encrypted column that a statement reads without naming it. */
export interface Implied {
  readonly mention: Mention
  readonly problem: string
}

const JOINS = ["CROSS", "FULL", "INNER", "JOIN", "LEFT", "OUTER", "RIGHT"]

/** Returns the encrypted columns that a statement reads as parts of rows, or joins tables by. */
export function impliedIn(reading: Reading): readonly Implied[] {
  const { syntax } = driverFacts(reading.dataSource.options.type)
  return reading.tokens.flatMap((token, at) => {
    const place = reading.places[at]
    if (!place) return []
    if (isKeyword(token, "NATURAL") && isKeyword(reading.tokens[at + 1], ...JOINS)) {
      return joinedBy(reading, at, place) ?? []
    }
    // No other database takes a row for a value
    return syntax === "postgres" ? (rowAt(reading, at, place) ?? []) : []
  })
}

/** The cells that `NATURAL JOIN` compares, which are those of equal names. */
function joinedBy(reading: Reading, at: number, place: SqlPlace): Implied | undefined {
  const { scope } = place
  const tables = tablesIn(reading, scope)
  const entities = tables.flatMap((table) => ("metadata" in table ? [table] : []))
  const isClear = entities.length === tables.length && entities.length >= scope.tables.size
  for (const { alias, metadata } of entities) {
    for (const { column, bound } of encryptedColumnsOf(metadata)) {
      const isShared = entities.some(
        (other) => other.alias !== alias && columnNamed(other.metadata, column.databaseName),
      )
      if (isClear && !isShared) continue
      const mention = { metadata, column, bound, alias, place, start: at, end: at + 1 }
      const problem = "a natural join may compare the ciphertext, so name the columns to join by"
      return { mention: { ...mention, isDerived: false }, problem }
    }
  }
  return undefined
}

/** The cells of a row that PostgreSQL takes for a value, as of `to_jsonb(alias)` or `alias::text`. */
function rowAt(reading: Reading, at: number, place: SqlPlace): Implied | undefined {
  const { tokens } = reading
  const [before, token, next] = [tokens[at - 1], tokens[at], tokens[at + 1]]
  if (!token || !isRow(reading, at, place)) return undefined
  const end = isSymbol(next, ".") ? at + 3 : at + 1
  const isAlone = isSymbol(before, "(") && isSymbol(tokens[end], ")")
  const last = isKeyword(tokens[end + 1], "NOT") ? end + 2 : end + 1
  const isPresence = isKeyword(tokens[end], "IS") && isKeyword(tokens[last], "NULL")
  if ((isAlone && place.scope.call === "COUNT") || isPresence) return undefined
  const table = tableCalled(reading, place.scope, token.text)
  if (!table || !("metadata" in table)) return undefined
  const [first] = encryptedColumnsOf(table.metadata)
  if (!first || isColumn(reading, place, token.text)) return undefined
  const { metadata, alias } = table
  const mention = { metadata, ...first, alias, place, start: at, end, isDerived: false }
  return { mention, problem: "a row as a value has the ciphertext in it, so name its columns" }
}

/** Whether a name stands where a row may be a value, and not where it names a table. */
function isRow({ tokens }: Reading, at: number, place: SqlPlace): boolean {
  const [before, token, next] = [tokens[at - 1], tokens[at], tokens[at + 1]]
  if (token?.kind !== "name" && token?.kind !== "word") return false
  // Without quotes it is who is connected
  if (isKeyword(token, "USER")) return false
  if (["from", "other", "target"].includes(place.clause)) return false
  if (isKeyword(before, "AS", "FROM", "OVER") || isSymbol(before, "::", ".")) return false
  // A function, a type before a text, or a part of a date
  if (isSymbol(next, "(") || next?.kind === "literal" || isKeyword(next, "FROM")) return false
  if (isAliasOfItem(tokens, place, at)) return false
  if (!isSymbol(next, ".")) return true
  // All columns, each by itself, is what a SELECT yields
  return isSymbol(tokens[at + 2], "*") && !isItem(place, at)
}

function isItem({ scope: { items } }: SqlPlace, at: number): boolean {
  return [...items.select, ...items.returning].some(({ start }) => start === at)
}

/** Whether a table that is read has a column of a name, which goes before a row. */
function isColumn(reading: Reading, { scope }: SqlPlace, name: string): boolean {
  return tablesIn(reading, scope).some(
    (table) => "metadata" in table && columnNamed(table.metadata, name),
  )
}
