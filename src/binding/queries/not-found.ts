import type {
  DataSource,
  EntityManager,
  EntityNotFoundError,
  EntityTarget,
  FindOneOptions,
  ObjectLiteral,
} from "typeorm"

import { isBlindParameter } from "../../search/predicate"
import { boundColumn } from "../columns/bound-column"
import { type Method, MethodReplacements, type Replacement } from "../method-replacements"
import { type ExpressionMap, markOf } from "../typeorm-internals"
import { isAnswerable } from "./query-rules"

type Metadata = DataSource["entityMetadatas"][number]

/** Calls of entity managers that are known, as far as they have begun: one inside another. */
let known = 0

function ofKnown(manager: EntityManager, find: Method, args: unknown[]): unknown {
  known++
  try {
    return find.apply(manager, args)
  } finally {
    known--
  }
}

/**
 * Keeps sought values out of the `EntityNotFoundError` of `findOneOrFail` and `findOneByOrFail`, which
 * prints its criteria: on every entity manager that a DataSource makes, values of encrypted properties
 * are left out of it. One that was made by `new` is told by {@link isForUnknown}.
 */
export function redactNotFound(dataSource: DataSource): void {
  const replacements = new MethodReplacements<EntityManager>({
    findOne: ofKnown,
    findOneBy: ofKnown,
    findOneOrFail: redacting((target, { where, ...options }: FindOneOptions) => {
      if (where === undefined) return options
      return { ...options, where: redact(dataSource.getMetadata(target), "", where) }
    }),
    findOneByOrFail: redacting((target, where) =>
      redact(dataSource.getMetadata(target), "", where),
    ),
  })
  const createEntityManager = dataSource.createEntityManager.bind(dataSource)
  dataSource.createEntityManager = (...args) => {
    const manager = createEntityManager(...args)
    replacements.assignTo(manager)
    return manager
  }
  replacements.assignTo(dataSource.manager)
}

type Target = EntityTarget<ObjectLiteral>

/** Has a method that fails say what it was given as `redact` returns it. */
function redacting(redact: (target: Target, given: object) => unknown): Replacement<EntityManager> {
  return async (manager, find, args) => {
    try {
      return await ofKnown(manager, find, args)
    } catch (error) {
      const NotFound = notFound(error)
      const [target, given] = args as [Target, object]
      throw new NotFound(target, redact(target, given))
    }
  }
}

/** In the stack, the two methods of an entity manager: one calls the other, in the same file. */
const FIND_OR_FAIL =
  /\n\s+at \S*\bfindOne(?:By)? \((.*):\d+:\d+\)\n\s+at \S*\bfindOne(?:By)?OrFail \(\1:\d+:\d+\)/

/** Frames that are looked at. The methods are a few below. */
const STACK_FRAMES = 12

/**
 * Whether find options are set by `findOneOrFail` or `findOneByOrFail` of an entity manager that nobody
 * knows, as one made by `new EntityManager(dataSource)`. It would print the criteria where nothing is
 * found, and there is nothing of it but what is on the stack.
 */
export function isForUnknown(): boolean {
  if (known > 0) return false
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = STACK_FRAMES
  const { stack } = new Error()
  Error.stackTraceLimit = limit
  return typeof stack === "string" && FIND_OR_FAIL.test(stack)
}

/** Has what was not found said without the values of encrypted properties that a condition holds. */
export async function withoutCriteria<Found>(
  find: () => Promise<Found>,
  metadata: Metadata,
  where: unknown,
): Promise<Found> {
  try {
    return await find()
  } catch (error) {
    const NotFound = notFound(error)
    throw new NotFound(metadata.target, { where: redact(metadata, "", where) })
  }
}

/**
 * Keeps the parameters of conditions on encrypted properties out of the error of `getOneOrFail`. They
 * are index values, and sought values where rows in plaintext are searched as well.
 *
 * @param sought - what was sought, in index values or as it was
 * @param sql - the statement that was sent
 * @returns the error to throw instead of `error`
 */
export function redactParameters(
  { mainAlias, parameters }: ExpressionMap,
  error: unknown,
  { sought, sql }: { readonly sought: ReadonlySet<unknown>; readonly sql: string },
): Error {
  const NotFound = notFound(error)
  const sent = new Set([...sql.matchAll(/:(?:\.\.\.)?([A-Za-z0-9_.]+)/g)].map(([, name]) => name))
  const isSecret = (value: unknown): boolean =>
    Array.isArray(value) ? value.some(isSecret) : sought.has(value)
  const redacted = Object.entries(parameters).map(([name, value]) => [
    name,
    // What is not sent may have been meant for a condition that was replaced
    isBlindParameter(name) || !sent.has(name) || isSecret(value)
      ? "(encrypted)"
      : (value as unknown),
  ])
  return new NotFound(mainAlias?.target ?? "", Object.fromEntries(redacted))
}

/** The class of an `EntityNotFoundError`. What is none is thrown on. */
function notFound(error: unknown): typeof EntityNotFoundError {
  // By its name, since the application may have a second copy of TypeORM
  if (!(error instanceof Error) || error.name !== "EntityNotFoundError") throw error
  return error.constructor as typeof EntityNotFoundError
}

function redact(metadata: Metadata, prefix: string, said: unknown): unknown {
  if (Array.isArray(said)) return said.map((one: unknown) => redact(metadata, prefix, one))
  if (typeof said !== "object" || said === null || markOf(said) !== undefined) return said
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
