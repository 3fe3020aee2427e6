import type { ExpressionMap } from "../typeorm-internals"

const views = new WeakSet<object>()

/** Whether a query builder is a view of another, which takes care of what it finds. */
export function isView(builder: object): boolean {
  return views.has(builder)
}

/** A query builder that is as another, but for some of its expressions, and leaves that one alone. */
export function viewOf<Builder extends { readonly expressionMap: ExpressionMap }>(
  builder: Builder,
  expressions: Partial<ExpressionMap>,
): Builder {
  const view = Object.create(builder) as Builder
  const expressionMap: unknown = Object.create(builder.expressionMap)
  Object.assign(view, { expressionMap: Object.assign(expressionMap as object, expressions) })
  views.add(view)
  return view
}
