import type { ColumnMetadata } from "../typeorm-internals"
import { closeOf, isKeyword, isSymbol, type SqlItem, type SqlScope } from "./sql-scopes"
import type { SqlToken } from "./sql-tokens"
import type { Mention } from "./string-mentions"

/** COUNT counts presence; of different values, only if the rows differ anyway. */
export function isCounted(tokens: readonly SqlToken[], mention: Mention): boolean {
  const { start, end, place } = mention
  const count = countAround(place.scope)
  if (!count) return false
  const isAlone = start - 1 === count.start && isSymbol(tokens[end], ")")
  const counted = { start: count.start, end: closeOf(tokens, count.start) }
  return isAlone || hasKeys(tokens, mention, counted)
}

/** An item by itself, with or without an alias; of different rows, only beside the primary key. */
export function isSelected(tokens: readonly SqlToken[], mention: Mention): boolean {
  const { scope } = mention.place
  const item = selectedItem(mention)
  if (!scope.isSelect || !item || isCompared(tokens, scope)) return false
  const rest = item.end - mention.end
  const isAlone = rest === 0 || rest === 1 || (rest === 2 && isKeyword(tokens[mention.end], "AS"))
  if (!isAlone) return false
  return !scope.isDistinct || scope.items.select.some((one) => hasKeys(tokens, mention, one))
}

/** By its own name, under which what is returned is decrypted. */
export function isReturned({ start, end, place: { scope } }: Mention): boolean {
  const item = scope.items.returning.find((one) => one.start === start)
  return scope.isReturning && item?.end === end
}

/** The item of a SELECT that begins with a column. */
export function selectedItem({ start, place: { scope } }: Mention): SqlItem | undefined {
  return scope.items.select.find((item) => item.start === start)
}

/** Whether a SELECT inside yields what something else is compared with. */
function isCompared(tokens: readonly SqlToken[], scope: SqlScope): boolean {
  if (!scope.parent) return false
  if (["ALL", "ANY", "IN", "SOME"].some((name) => name === scope.call)) return true
  const sides = [tokens[scope.start - 1], tokens[closeOf(tokens, scope.start) + 1]]
  return sides.some((side) => side?.kind === "symbol" && !isSymbol(side, "(", ")", ",", ";"))
}

/** Whether the primary key of the mentioned table is named within some tokens. */
function hasKeys(
  tokens: readonly SqlToken[],
  { metadata, alias }: Mention,
  { start, end }: SqlItem,
): boolean {
  const within = tokens.slice(start, end)
  const { primaryColumns } = metadata
  const isNamed = ({ databaseName, propertyPath }: ColumnMetadata): boolean =>
    within.some(
      ({ text }, i) =>
        (text === databaseName || text === propertyPath) &&
        (alias === "" || (isSymbol(within[i - 1], ".") && within[i - 2]?.text === alias)),
    )
  return primaryColumns.length > 0 && primaryColumns.every(isNamed)
}

/** The parentheses of COUNT that something stands in, at any depth. */
function countAround(scope: SqlScope): SqlScope | undefined {
  if (scope.call === "COUNT") return scope
  return scope.isSelect || !scope.parent ? undefined : countAround(scope.parent)
}
