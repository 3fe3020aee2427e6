import { isKeyword, isSymbol, type SqlPlace } from "./sql-scopes"
import type { SqlToken } from "./sql-tokens"
import { EXCLUDED, type Mention } from "./string-mentions"

/** The tokens of a statement, and where each stands. */
interface Placed {
  readonly tokens: readonly SqlToken[]
  readonly places: readonly SqlPlace[]
}

/** What a builder calls the values that it was given as such, and that were encrypted therefore. */
const BOUND_VALUE = /^orm_param_\d+$/

/** Whether an encrypted column that a SET names becomes what TypeORM bound for it, and nothing that a string makes. */
export function becomesCell(placed: Placed, { end, column }: Mention): boolean {
  const { tokens } = placed
  const value = tokens[end + 1]
  if (!isAssignment(placed, end)) return false
  if (isBound(value)) return isOver(placed, end + 2)
  const [at, after] = isKeyword(value, "VALUES") ? [end + 3, end + 5] : [end + 3, end + 4]
  return (
    isKeyword(value, "VALUES", EXCLUDED.toUpperCase()) &&
    isNamed(tokens[at], column.databaseName) &&
    isOver(placed, after)
  )
}

function isBound(token: SqlToken | undefined): boolean {
  return token?.kind === "parameter" && BOUND_VALUE.test(token.text)
}

/** Whether the cell of a row that an upsert did not insert is what the same column becomes. */
export function isOverwriting(placed: Placed, mention: Mention): boolean {
  const { alias, column, end, place, start } = mention
  const { scope } = place
  const isMySql = scope.call === "VALUES" && start - 1 === scope.start
  if (!isMySql && alias !== EXCLUDED) return false
  const first = isMySql ? scope.start - 1 : start
  return (
    isAssignment(placed, first - 1) &&
    isNamed(placed.tokens[first - 2], column.databaseName) &&
    isOver(placed, isMySql ? end + 1 : end)
  )
}

/** Whether a SET assigns a column before it reads it. MySQL reads what it becomes there, and others what it was. */
export function isSetBefore(
  { tokens, places }: Placed,
  { column, place, start }: Mention,
): boolean {
  if (place.clause !== "set") return false
  return tokens
    .slice(0, start)
    .some((token, i) => places[i]?.clause === "target" && isNamed(token, column.databaseName))
}

/** Whether a parameter is a value that is written, and not one that something is compared with. */
export function isGiven(placed: Placed, at: number): boolean {
  const clause = placed.places[at]?.clause
  if (clause === "other" || clause === "values") return true
  return clause === "set" && isAssignment(placed, at - 1) && isOver(placed, at + 1)
}

/** Whether a token is the sign between a column and what that becomes. */
export function isAssignment({ tokens, places }: Placed, at: number): boolean {
  return places[at]?.clause === "target" && isSymbol(tokens[at], "=")
}

/** Whether what a column becomes has ended before a token. */
function isOver({ places }: Placed, at: number): boolean {
  return places[at]?.clause !== "set"
}

function isNamed(token: SqlToken | undefined, name: string): boolean {
  return token?.text.toLowerCase() === name.toLowerCase()
}
