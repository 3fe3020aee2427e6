import type {
  DataSource,
  EntityManager,
  EntityNotFoundError,
  EntityTarget,
  ObjectLiteral,
  QueryBuilder,
} from "typeorm"

import { isBlindParameter } from "../search/predicate"
import { boundColumn } from "./bound-column"
import { isAnswerable } from "./query-rules"

type Metadata = DataSource["entityMetadatas"][number]

/**
 * Keeps sought values out of the `EntityNotFoundError` of `findOneOrFail` and `findOneByOrFail`, which
 * prints its criteria: on every entity manager of a DataSource, values of encrypted properties are
 * left out of it.
 */
export function redactNotFound(dataSource: DataSource): void {
  const createEntityManager = dataSource.createEntityManager.bind(dataSource)
  dataSource.createEntityManager = (...args) =>
    redactManager(dataSource, createEntityManager(...args))
  redactManager(dataSource, dataSource.manager)
}

const FAILING = ["findOneOrFail", "findOneByOrFail"] as const

function redactManager(dataSource: DataSource, manager: EntityManager): EntityManager {
  for (const name of FAILING) {
    const find = manager[name].bind(manager) as (
      target: EntityTarget<object>,
      criteria: object,
    ) => Promise<object>
    const redacting = async (target: EntityTarget<object>, criteria: object): Promise<object> => {
      try {
        return await find(target, criteria)
      } catch (error) {
        const NotFound = notFound(error)
        const metadata = dataSource.getMetadata(target)
        throw new NotFound(target, redactCriteria(metadata, name, criteria))
      }
    }
    Object.assign(manager, { [name]: redacting })
  }
  return manager
}

/**
 * Keeps the parameters of conditions on encrypted properties out of the error of `getOneOrFail`. They
 * are index values, and sought values where rows in plaintext are searched as well.
 *
 * @returns the error to throw instead of `error`
 */
export function redactParameters(
  { mainAlias, parameters }: QueryBuilder<ObjectLiteral>["expressionMap"],
  error: unknown,
): Error {
  const NotFound = notFound(error)
  const redacted = Object.entries(parameters).map(([name, value]) => [
    name,
    isBlindParameter(name) ? "(encrypted)" : (value as unknown),
  ])
  return new NotFound(mainAlias?.target ?? "", Object.fromEntries(redacted))
}

/** The class of an `EntityNotFoundError`. What is none is thrown on. */
function notFound(error: unknown): typeof EntityNotFoundError {
  // By its name, since the application may have a second copy of TypeORM
  if (!(error instanceof Error) || error.name !== "EntityNotFoundError") throw error
  return error.constructor as typeof EntityNotFoundError
}

function redactCriteria(
  metadata: Metadata,
  name: (typeof FAILING)[number],
  criteria: object,
): object {
  if (name === "findOneByOrFail") return redact(metadata, "", criteria) as object
  const { where } = criteria as { readonly where?: unknown }
  return where === undefined ? criteria : { ...criteria, where: redact(metadata, "", where) }
}

function redact(metadata: Metadata, prefix: string, said: unknown): unknown {
  if (Array.isArray(said)) return said.map((one: unknown) => redact(metadata, prefix, one))
  if (typeof said !== "object" || said === null || "@instanceof" in said) return said
  const redacted: Record<string, unknown> = {}
  for (const key in said) {
    const value = (said as Record<string, unknown>)[key]
    const path = `${prefix}${key}`
    const column = metadata.findColumnWithPropertyPathStrict(path)
    const relation = metadata.findRelationWithPropertyPath(path)
    if (column) {
      const isSecret = boundColumn(column) && !isAnswerable(value)
      redacted[key] = isSecret ? "(encrypted)" : value
    } else if (relation) redacted[key] = redact(relation.inverseEntityMetadata, "", value)
    else redacted[key] = redact(metadata, `${path}.`, value)
  }
  return redacted
}
