import type { SqlSyntax } from "../../dialect/driver-facts"
import { isBoundary } from "./sql-comparisons"
import { isKeyword, isSymbol } from "./sql-scopes"
import type { SqlToken } from "./sql-tokens"

/**
 * Takes for names what MySQL has in double quotes where a text would make no sense. They are texts to it,
 * unless the mode `ANSI_QUOTES` is on, which no text of SQL tells: `"u"."email"`, what is compared with a
 * parameter, what a function is called with alone, and what rows are ordered or grouped by.
 */
export function withQuotedNames(
  tokens: readonly SqlToken[],
  syntax: SqlSyntax,
): readonly SqlToken[] {
  if (syntax !== "mysql") return tokens
  return tokens.map((token, i) => {
    if (token.kind !== "literal" || !token.text.startsWith('"') || !isNamed(tokens, i)) return token
    return { ...token, kind: "name", text: token.text.slice(1, -1).replaceAll('""', '"') }
  })
}

function isNamed(tokens: readonly SqlToken[], i: number): boolean {
  const [before, next] = [tokens[i - 1], tokens[i + 1]]
  if (isSymbol(before, ".") || isSymbol(next, ".") || isKeyword(before, "BY")) return true
  if (isBoundary(before) && isOperator(next)) return true
  if (isOperator(before)) return tokens[i - 2]?.kind === "parameter"
  const isAlone = isSymbol(before, "(") && isSymbol(next, ")")
  return isAlone && tokens[i - 2]?.kind === "word" && !isKeyword(tokens[i - 2], "IN", "VALUES")
}

function isOperator(token: SqlToken | undefined): boolean {
  if (token?.kind === "symbol") return !isSymbol(token, "(", ")", ",", ";", ".")
  return isKeyword(token, "IS", "IN", "LIKE", "NOT", "BETWEEN", "REGEXP", "RLIKE", "DIV", "MOD")
}
