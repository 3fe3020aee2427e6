import type { ObjectLiteral, QueryBuilder } from "typeorm"

import { selectInternalsOf } from "../typeorm-internals"

/**
 * Has refused, before anything is sent, what TypeORM would compile only once a first statement has
 * been answered: the order of a page of joined entities, which it takes out of the statement that is
 * guarded, and the count beside a page.
 *
 * @throws {@link UnsupportedQueryError}
 */
export function refuseLater(builder: QueryBuilder<ObjectLiteral>, counts: boolean): void {
  const { skip, take, joinAttributes } = builder.expressionMap
  // The statement for the keys of a page is a copy, and its parameters are those of the builder
  if ((Boolean(skip) || Boolean(take)) && joinAttributes.length > 0) builder.getQuery()
  const select = selectInternalsOf(builder)
  if (!counts || !select.findOptions.select) return
  const counting = selectInternalsOf(builder.clone())
  counting.orderBy().select(select.computeCountExpression(), "cnt").getQuery()
}
