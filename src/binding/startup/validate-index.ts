import type { DataSource, EntityMetadata } from "typeorm"

import { blindIndexOptionNames, uniqueScopeNames } from "../../column/blind-index"
import { canBeIndexed, declarationOf } from "../../column/declaration"
import { driverFacts } from "../../dialect/driver-facts"
import { blindIndexMisuse } from "../../search/blind-index-misuse"
import {
  companionProperty,
  digitsOf,
  EXACT_BITS,
  isTruncated,
} from "../../search/blind-index-definition"
import { unknownOptions } from "../../unknown-options"
import { type IndexPlan, planIndexes } from "../indexes/index-plan"
import { scopeCondition } from "../indexes/unique-scope"

/**
 * Returns what is wrong with the blind indexes of an entity, each beginning with `Entity.property`.
 * Not to be asked about columns whose declaration is no object of options, or a list of them.
 */
export function indexMisuse(dataSource: DataSource, metadata: EntityMetadata): readonly string[] {
  const plans = planIndexes(metadata)
  return plans.flatMap((plan) => {
    const found = [
      ...optionMisuse(plan),
      ...scopeMisuse(plan),
      ...partialMisuse(dataSource, metadata, plan),
      ...viewMisuse(metadata, plan),
      ...nameMisuse(metadata, plan, plans),
      ...coverMisuse(plan),
      ...codecMisuse(plan),
    ]
    return found.map((problem) => `${metadata.name}.${plan.declaredOn.propertyPath} ${problem}.`)
  })
}

/** Whether `blindIndex` is a form that `indexMisuse` can look into. */
export function isBlindIndexDeclaration(declared: unknown): boolean {
  const isOptions = (one: unknown): boolean =>
    one === true || (typeof one === "object" && one !== null && !Array.isArray(one))
  return (
    declared === false ||
    isOptions(declared) ||
    (Array.isArray(declared) && declared.every(isOptions))
  )
}

function* optionMisuse({ options, definition: { context } }: IndexPlan): Iterable<string> {
  for (const option of unknownOptions(options, blindIndexOptionNames)) {
    yield `has a blind index with an ${option}`
  }
  const {
    unique,
    name,
    bits,
    normalize,
    slow,
    building,
    with: others,
  } = options as Record<string, unknown>
  if (building !== undefined && typeof building !== "boolean") {
    yield "has a blind index whose building is neither true nor false"
  }
  yield* prefixed(blindIndexMisuse({ context, normalize, bits, slow }))
  if (unique !== undefined && typeof unique !== "boolean" && !isScope(unique)) {
    yield "has a blind index whose unique is neither true nor false, nor { within, whereNull } with lists of properties"
  }
  if (
    unique !== undefined &&
    unique !== false &&
    typeof bits === "number" &&
    isTruncated({ bits })
  ) {
    yield (
      `has a blind index that cannot be unique: with fewer than ${EXACT_BITS} bits, different ` +
      "values share an index value"
    )
  }
  if (name !== undefined && (typeof name !== "string" || name === "")) {
    yield "has a blind index whose name is not the name of a column"
  } else if (typeof name === "string" && CODE.test(name)) {
    yield "has a blind index whose name has a line break, a quote or another character of code in it"
  }
  if (others !== undefined && !(Array.isArray(others) && others.length > 0)) {
    yield "has a blind index whose with is not a list of properties"
  }
}

/** A scope that names nothing is a slip: it would be the whole table. */
function isScope(unique: unknown): boolean {
  if (typeof unique !== "object" || unique === null || Array.isArray(unique)) return false
  const lists: readonly unknown[] = Object.values(unique).filter((list) => list !== undefined)
  return lists.length > 0 && lists.every(isListOfNames)
}

function isListOfNames(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0 && list.every((name) => typeof name === "string")
}

function* scopeMisuse({ options: { unique }, scope }: IndexPlan): Iterable<string> {
  if (!scope || typeof unique !== "object") return
  for (const option of unknownOptions(unique, uniqueScopeNames)) {
    yield `has a blind index whose unique has an ${option}`
  }
  for (const property of scope.unknown) {
    yield `has a blind index that is unique by ${property}, which is no property of the class`
  }
  const columns = [...scope.within, ...scope.whereNull]
  for (const { transformer, propertyName } of scope.within) {
    if (!declarationOf(transformer)) continue
    yield `has a blind index that is unique within ${propertyName}, which is encrypted; use with`
  }
  if (new Set(columns).size < columns.length) {
    yield "has a blind index whose unique names a property twice"
  }
}

function* partialMisuse(
  { driver, options: { type } }: DataSource,
  { tablePath }: EntityMetadata,
  { definition, scope }: IndexPlan,
): Iterable<string> {
  if (!scope || scope.whereNull.length === 0 || driverFacts(type).hasPartialIndexes) return
  const quote = (name: string): string => driver.escape(name)
  const live = quote(`${definition.name}_live`)
  const columns = [live, ...scope.within.map(({ databaseName }) => quote(databaseName))]
  yield (
    "has a blind index that is unique where a property is NULL, and this database has no index " +
    "over some rows only. Leave unique out, and let a generated column be unique: " +
    `ALTER TABLE ${tablePath.split(".").map(quote).join(".")} ADD ${live} varchar(${digitsOf(definition)}) AS ` +
    `(IF(${scopeCondition(scope, quote)}, ${quote(definition.name)}, NULL)), ` +
    `ADD UNIQUE INDEX (${columns.join(", ")})`
  )
}

/** In generated migrations names stand in a template literal, in strings and in comments. */
const CODE = /[\p{Cc}\p{Zl}\p{Zp}"'`\\$;]/u

function* prefixed(problems: Iterable<string>): Iterable<string> {
  for (const problem of problems) yield `has a blind index that ${problem}`
}

/** Of a longer name, PostgreSQL keeps so many bytes without saying so; MySQL refuses it. */
const NAME_BYTES = 63

function* nameMisuse(
  metadata: EntityMetadata,
  plan: IndexPlan,
  plans: readonly IndexPlan[],
): Iterable<string> {
  const { name } = plan.definition
  // Of another type, it has been complained of
  if (typeof (name as unknown) !== "string") return
  if (Buffer.byteLength(name) > NAME_BYTES) {
    yield `has a blind index named ${name}, and a name holds ${NAME_BYTES} bytes; give it a shorter name`
  }
  const isSame = (other: unknown): boolean =>
    formsOf(other).some((one) => formsOf(name).includes(one))
  if (metadata.columns.some((one) => isSame(one.databaseName) || isSame(one.propertyPath))) {
    yield (
      `needs the column ${name} for its blind index, and the entity has one of that name; ` +
      "give the index another name"
    )
  }
  if (plans.some((other) => other !== plan && isSame(other.definition.name))) {
    yield `has a blind index of the same name as another, ${name}; give one of them a name`
  }
}

/** A name as a column and as a property, in one case, since some databases ignore it. */
function formsOf(name: unknown): readonly string[] {
  const lower = String(name).toLowerCase()
  return [lower, companionProperty(lower)]
}

/** Nothing of a view says by which names its rows were indexed. */
function* viewMisuse({ tableType }: EntityMetadata, { options }: IndexPlan): Iterable<string> {
  if (tableType !== "view" || (options.name !== undefined && options.context !== undefined)) return
  yield "has a blind index in a view; give it the name and the context that the index has in its table"
}

function* coverMisuse({ unknown, sources, options }: IndexPlan): Iterable<string> {
  const list = options.with ?? []
  for (const property of unknown) {
    yield `has a blind index with ${property}, which is no property of the class`
  }
  if (new Set(sources).size < sources.length) {
    yield `has a blind index that covers a property twice: ${list.join(", ")}`
  }
  const written = sources.map(({ isInsert, isUpdate }) => `${isInsert} ${isUpdate}`)
  if (new Set(written).size > 1) {
    yield "has a blind index over properties of which only some can be inserted or updated"
  }
  for (const { transformer, propertyName } of sources) {
    if (!declarationOf(transformer)) {
      yield `has a blind index with ${propertyName}, which is not encrypted`
    }
  }
}

function* codecMisuse({ sources, options }: IndexPlan): Iterable<string> {
  const declared = sources.map((source) => [source, declarationOf(source.transformer)] as const)
  for (const [{ propertyName }, declaration] of declared) {
    if (declaration?.paths) {
      yield `has a blind index over ${propertyName}, and none is of parts of documents`
    } else if (declaration && !canBeIndexed(declaration)) {
      yield (
        `has a blind index over ${propertyName}, whose codec may write equal values in different ` +
        "ways; use another codec, or one of your own with canonical()"
      )
    }
  }
  const isText = declared.some(([, declaration]) => (declaration?.codec ?? "string") === "string")
  if (options.normalize !== undefined && !isText) {
    yield 'has a blind index with normalize, which only the codec "string" takes'
  }
}
