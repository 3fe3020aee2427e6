import fc from "fast-check"
import * as typeorm from "typeorm"

import { BlindEqual, BlindIn } from "../../../src"
import {
  documentAt,
  encryptedAt,
  entities,
  type EntityName,
  type IndexDescription,
} from "../model/description"
import { memoized } from "./memoized"
import {
  askedIndex,
  comparedPath,
  setAt,
  sought,
  type Speaker,
  type Spoken,
  type Value,
} from "./speaker"

/** What a condition says of one property. */
export type Condition =
  | { readonly kind: "value" | "equal"; readonly value: Value }
  | { readonly kind: "equalOf"; readonly of: Condition }
  | {
      readonly kind: "in" | "blindIn" | "any"
      readonly values: readonly Value[]
      readonly index?: string
    }
  | { readonly kind: "blindEqual"; readonly value: Value; readonly index?: string }
  | { readonly kind: "not"; readonly of: Condition }
  | { readonly kind: "and" | "or"; readonly of: readonly Condition[] }
  | { readonly kind: "isNull" | "null" | "undefined" }
  | { readonly kind: "member"; readonly member: string; readonly value: string }
  | { readonly kind: "like" | "moreThan" | "between" | "raw"; readonly value: Value }

/** Conditions by path of a property, and on related entities. */
export interface ObjectCondition {
  readonly kind: "object"
  readonly properties: readonly { readonly path: string; readonly condition: Condition }[]
  readonly relations: readonly { readonly name: string; readonly where: ObjectCondition }[]
}

/** What a caller passes as `where`: one object, or alternatives. */
export type Where =
  ObjectCondition | { readonly kind: "list"; readonly of: readonly ObjectCondition[] }

/** A value that rows hold of a property, or a token of it. */
export const valueOf = memoized((entity: EntityName, path: string): fc.Arbitrary<Value> => {
  const document = documentAt(entity, path)
  if (document) {
    return fc.constantFrom(...document.values).map((json): Value => ({ kind: "document", json }))
  }
  const property = encryptedAt(entity, path)
  const held =
    property?.values ?? (entities[entity].plain[path] ?? []).filter((one) => one !== null)
  const values = held.length > 0 ? held : [1, 2, 3, 4, 5, 6]
  const seal = property?.sealed ? fc.boolean() : fc.constant(false)
  const given = fc
    .tuple(fc.constantFrom(...values), seal)
    .map(([value, sealed]): Value => ({ kind: "given", value, ...(sealed && { sealed }) }))
  if (!property || property.codec === "number") return given
  const token = fc.nat({ max: 20 }).map((row): Value => ({ kind: "token", entity, path, row }))
  return fc.oneof({ weight: 24, arbitrary: given }, { weight: 1, arbitrary: token })
})

/** Conditions on one property, of which most can be answered if it is indexed. */
export const conditionOn = memoized(
  (entity: EntityName, path: string, depth: number): fc.Arbitrary<Condition> => {
    if (documentAt(entity, path)) return ofDocument
    const value = valueOf(entity, path)
    const values = fc.array(value, { maxLength: 3 })
    const flat = [
      { weight: 8, arbitrary: value.map((one): Condition => ({ kind: "value", value: one })) },
      { weight: 2, arbitrary: value.map((one): Condition => ({ kind: "equal", value: one })) },
      { weight: 3, arbitrary: values.map((some): Condition => ({ kind: "in", values: some })) },
      { weight: 1, arbitrary: values.map((some): Condition => ({ kind: "any", values: some })) },
      { weight: 3, arbitrary: fc.constant<Condition>({ kind: "isNull" }) },
      { weight: 1, arbitrary: fc.constantFrom<Condition>({ kind: "null" }, { kind: "undefined" }) },
      ...(encryptedAt(entity, path) ? blindConditions(entity, path, value, values) : []),
      { weight: 1, arbitrary: beyondEquality(value) },
    ]
    if (depth === 0) return fc.oneof(...flat)
    const deeper = conditionOn(entity, path, depth - 1).filter(isOperand)
    const several = fc.array(deeper, { minLength: 1, maxLength: 2 })
    const joints = ["and", ...("Or" in typeorm ? ["or" as const] : [])] as const
    return fc.oneof(
      ...flat,
      { weight: 5, arbitrary: deeper.map((of): Condition => ({ kind: "not", of })) },
      { weight: 1, arbitrary: deeper.map((of): Condition => ({ kind: "equalOf", of })) },
      {
        weight: 2,
        arbitrary: fc
          .tuple(fc.constantFrom(...joints), several)
          .map(([kind, of]): Condition => ({ kind, of })),
      },
    )
  },
)

/** A member that is plain, and one that is encrypted, which no condition may read. */
export const MEMBERS = ["kind", "kind", "kind", "token"] as const

/** What a condition may say of a document: something of a part, or that there is none. */
const ofDocument: fc.Arbitrary<Condition> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("member" as const),
      member: fc.constantFrom(...MEMBERS),
      value: fc.constantFrom("a", "b", "c"),
    }),
  },
  { weight: 2, arbitrary: fc.constant<Condition>({ kind: "isNull" }) },
  { weight: 1, arbitrary: fc.constant<Condition>({ kind: "not", of: { kind: "isNull" } }) },
)

/** A member of a document, in the words of a database. */
export function memberOf({ dataSource }: Speaker, document: string, member: string): string {
  return dataSource.options.type === "mariadb"
    ? `JSON_VALUE(${document}, '$.${member}')`
    : `${document} ->> '${member}'`
}

function blindConditions(
  entity: EntityName,
  path: string,
  value: fc.Arbitrary<Value>,
  values: fc.Arbitrary<Value[]>,
): { weight: number; arbitrary: fc.Arbitrary<Condition> }[] {
  const names = entities[entity].indexes
    .filter(({ members }) => members.length === 1 && members.includes(path))
    .map(({ name }) => ({ index: name }))
  const index = fc.constantFrom<{ index?: string }>({}, ...names)
  return [
    {
      weight: 2,
      arbitrary: fc
        .tuple(value, index)
        .map(([one, of]): Condition => ({ kind: "blindEqual", value: one, ...of })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(values, index)
        .map(([some, of]): Condition => ({ kind: "blindIn", values: some, ...of })),
    },
  ]
}

function beyondEquality(value: fc.Arbitrary<Value>): fc.Arbitrary<Condition> {
  const kinds = ["like", "moreThan", "between", "raw"] as const
  return fc
    .tuple(fc.constantFrom(...kinds), value)
    .map(([kind, one]): Condition => ({ kind, value: one }))
}

/** What may stand inside an operator. TypeORM has no rule for the rest. */
function isOperand({ kind }: Condition): boolean {
  return kind !== "null" && kind !== "undefined"
}

/** Conditions on an entity: encrypted properties more than others, relations to a depth. */
export const objectCondition = memoized(
  (entity: EntityName, depth: number): fc.Arbitrary<ObjectCondition> => {
    const { encrypted, documents, plain, relations } = entities[entity]
    const on = (path: string): fc.Arbitrary<Properties[number]> =>
      conditionOn(entity, path, 2).map((condition) => ({ path, condition }))
    const property = fc.oneof(
      { weight: 5, arbitrary: fc.oneof(...encrypted.map(({ path }) => on(path))) },
      { weight: 2, arbitrary: fc.oneof(...Object.keys(plain).map(on)) },
      ...(documents.length > 0
        ? [{ weight: 1, arbitrary: fc.oneof(...documents.map(({ path }) => on(path))) }]
        : []),
    )
    const some = fc.uniqueArray(property, { maxLength: 3, selector: ({ path }) => path })
    const related = Object.entries(relations).map(([name, { to }]) =>
      depth > 0
        ? objectCondition(to, depth - 1).map((where) => [{ name, where }])
        : fc.constant<ObjectCondition["relations"]>([]),
    )
    return fc.record({
      kind: fc.constant("object" as const),
      properties: fc.tuple(some, compounds(entity)).map(joined),
      relations: fc.oneof(
        { weight: 3, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.oneof(...related) },
      ),
    })
  },
)

type Properties = ObjectCondition["properties"]

/** Now and then, a value or a list for each member of a compound index. */
function compounds(entity: EntityName): fc.Arbitrary<Properties> {
  const compound = entities[entity].indexes.filter(({ members }) => members.length > 1)
  const one = fc.constantFrom("value" as const, "equal" as const, "blindEqual" as const)
  const several = fc.constantFrom("in" as const, "any" as const, "blindIn" as const)
  const joint = compound.map(({ members }) =>
    fc.tuple(
      ...members.map((path) => {
        const value = valueOf(entity, path)
        const values = fc.array(value, { maxLength: 3 })
        const equal: fc.Arbitrary<Condition> = fc.record({ kind: one, value })
        const among: fc.Arbitrary<Condition> = fc.record({ kind: several, values })
        const condition = fc.oneof({ weight: 2, arbitrary: equal }, { weight: 1, arbitrary: among })
        return condition.map((of) => ({ path, condition: of }))
      }),
    ),
  )
  const none = fc.constant<Properties>([])
  return fc.oneof(
    { weight: 4, arbitrary: none },
    { weight: 1, arbitrary: joint.length > 0 ? fc.oneof(...joint) : none },
  )
}

function joined([others, compound]: readonly [Properties, Properties]): Properties {
  const alone = others.filter(({ path }) => compound.every((one) => one.path !== path))
  return [...alone, ...compound]
}

/** One object, or a list of alternatives. */
export const anyWhere = memoized((entity: EntityName): fc.Arbitrary<Where> => {
  const list = fc
    .array(objectCondition(entity, 1), { maxLength: 3 })
    .map((of): Where => ({ kind: "list", of }))
  return fc.oneof(
    { weight: 4, arbitrary: objectCondition(entity, 1) },
    { weight: 1, arbitrary: list },
  )
})

/** Conditions as one of the models puts them. */
export function speakWhere(speaker: Speaker, entity: EntityName, where: Where): unknown {
  if (where.kind === "list") return where.of.map((one) => speakWhere(speaker, entity, one))
  const said: Record<string, unknown> = {}
  const compound = compoundOf(entity, where)
  for (const { path, condition } of where.properties) {
    const own = compound?.members.includes(path) ? compound : undefined
    const [at, value] = speakProperty(speaker, entity, path, condition, own)
    setAt(said, at, value)
  }
  for (const { name, where: related } of where.relations) {
    said[name] = speakWhere(speaker, entities[entity].relations[name]?.to ?? entity, related)
  }
  return said
}

const EQUALITY: readonly Condition["kind"][] = [
  "value",
  "equal",
  "in",
  "any",
  "blindEqual",
  "blindIn",
]

/** The compound index that answers an object: one with a value, or a list of them, for each member. */
function compoundOf(entity: EntityName, where: ObjectCondition): IndexDescription | undefined {
  const equal = where.properties
    .filter(({ condition }) => EQUALITY.includes(condition.kind) && !namedIndex(condition))
    .map(({ path }) => path)
  return entities[entity].indexes.find(
    ({ members }) => members.length > 1 && members.every((path) => equal.includes(path)),
  )
}

function speakProperty(
  speaker: Speaker,
  entity: EntityName,
  path: string,
  condition: Condition,
  compound: IndexDescription | undefined,
): readonly [path: string, value: unknown] {
  const property = encryptedAt(entity, path)
  const comparesValues = property !== undefined && !isAboutNull(condition)
  if (!comparesValues || isBeyondEquality(condition)) {
    return [path, speakCondition(speaker, condition, undefined)]
  }
  const index = compound ?? askedIndex(entity, path, namedIndex(condition))
  return [comparedPath(speaker, path, index), speakCondition(speaker, condition, index)]
}

/** Whether a condition is about presence alone, and so about the cell and no index value. */
export function isAboutNull(condition: Condition): boolean {
  if (condition.kind === "not" || condition.kind === "equalOf") return isAboutNull(condition.of)
  if (condition.kind === "and" || condition.kind === "or") return condition.of.every(isAboutNull)
  return ["isNull", "null", "undefined"].includes(condition.kind)
}

/** Whether a condition asks for more than equality, which no blind index answers. */
function isBeyondEquality(condition: Condition): boolean {
  if ("of" in condition) return [condition.of].flat().some(isBeyondEquality)
  return ["like", "moreThan", "between", "raw"].includes(condition.kind)
}

/** The index a condition names; no case names two. */
export function namedIndex(condition: Condition): string | undefined {
  if ("of" in condition)
    return [condition.of]
      .flat()
      .map(namedIndex)
      .find((one) => one !== undefined)
  return "index" in condition ? condition.index : undefined
}

function speakCondition(
  speaker: Speaker,
  condition: Condition,
  index: IndexDescription | undefined,
): unknown {
  const say = (value: Value): Spoken => sought(speaker, value, index)
  switch (condition.kind) {
    case "value":
      return say(condition.value)
    case "equal":
      return typeorm.Equal(say(condition.value))
    case "equalOf":
      return typeorm.Equal(speakCondition(speaker, condition.of, index))
    case "in":
      return typeorm.In(condition.values.map(say))
    case "any":
      // Where a database has none of it, an index answers it all the same
      return speaker.dataSource.options.type === "postgres" || (speaker.encrypts && index)
        ? typeorm.Any(condition.values.map(say))
        : typeorm.In(condition.values.map(say))
    case "not":
      return typeorm.Not(speakCondition(speaker, condition.of, index))
    case "and":
      return typeorm.And(...condition.of.map((one) => operator(speaker, one, index)))
    case "or":
      return typeorm.Or(...condition.of.map((one) => operator(speaker, one, index)))
    case "isNull":
      return typeorm.IsNull()
    case "null":
      return null
    case "undefined":
      return undefined
    case "blindEqual":
    case "blindIn":
      return speakBlind(speaker, condition, say)
    case "member":
      return typeorm.Raw((path) => `${memberOf(speaker, path, condition.member)} = :sought`, {
        sought: condition.value,
      })
    case "like":
    case "moreThan":
    case "between":
    case "raw":
      return speakBeyond(condition.kind, say(condition.value))
  }
}

/** And and Or are of operators. */
function operator(
  speaker: Speaker,
  condition: Condition,
  index: IndexDescription | undefined,
): typeorm.FindOperator<unknown> {
  const said = speakCondition(speaker, condition, index)
  return condition.kind === "value" ? typeorm.Equal(said) : (said as typeorm.FindOperator<unknown>)
}

type BlindCondition = Extract<Condition, { readonly index?: string }>

function speakBlind(
  speaker: Speaker,
  condition: BlindCondition,
  say: (value: Value) => Spoken,
): unknown {
  const options = condition.index === undefined ? {} : { index: condition.index }
  if ("value" in condition) {
    const value = say(condition.value)
    return speaker.encrypts ? BlindEqual(value, options) : typeorm.Equal(value)
  }
  const values = condition.values.map(say)
  return speaker.encrypts ? BlindIn(values, options) : typeorm.In(values)
}

function speakBeyond(kind: "between" | "like" | "moreThan" | "raw", value: Spoken): unknown {
  switch (kind) {
    case "like":
      return typeorm.Like(typeof value === "string" ? `%${value}%` : value)
    case "moreThan":
      return typeorm.MoreThan(value)
    case "between":
      return typeorm.Between(value, value)
    case "raw":
      return typeorm.Raw((path) => `${path} = :sought`, { sought: value })
  }
}
