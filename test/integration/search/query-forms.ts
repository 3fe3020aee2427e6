import {
  And,
  Brackets,
  type DataSource,
  Equal,
  type FindOptionsWhere,
  In,
  IsNull,
  Not,
  type Repository,
} from "typeorm"
import * as typeorm from "typeorm"

import { BlindEqual, BlindIn, searchFor } from "../../../src"
import { criteriaForms } from "./criteria-forms"
import { Club, Member } from "./model"

/** TypeORM has it since 0.3.18. */
const { Or } = typeorm as Partial<typeof typeorm>

/** What a query is made with. */
export interface Asking {
  readonly dataSource: DataSource
  readonly members: Repository<Member>
  readonly email: string
  readonly phone: string
}

/** A member as far as queries choose by it. */
export interface Choice {
  readonly isSought: boolean
  readonly hasEmail: boolean
}

/** A way of asking by an indexed property. */
export interface QueryForm {
  readonly title: string
  /** Returns the names of the members found, or how many there are. */
  readonly ask: (asking: Asking) => Promise<readonly string[] | number>
  /** Which members are to be found. Defaults to those with the address and number sought. */
  readonly finds?: (member: Choice) => boolean
  /** Whether no index value is needed to answer. */
  readonly needsNoIndex?: true
}

type Where = FindOptionsWhere<Member> | FindOptionsWhere<Member>[]

const namesOf = (members: readonly Member[]): readonly string[] => members.map(({ name }) => name)

const found = async ({ members }: Asking, where: Where) => namesOf(await members.findBy(where))

const others = ({ isSought, hasEmail }: Choice): boolean => hasEmail && !isSought

const conditions: readonly QueryForm[] = [
  { title: "a plain value", ask: (on) => found(on, { email: on.email }) },
  { title: "Equal", ask: (on) => found(on, { email: Equal(on.email) }) },
  { title: "BlindEqual", ask: (on) => found(on, { email: BlindEqual(on.email) }) },
  { title: "In", ask: (on) => found(on, { email: In(["x", on.email]) }) },
  { title: "BlindIn", ask: (on) => found(on, { email: BlindIn(["x", on.email]) }) },
  {
    title: "In of nothing",
    ask: (on) => found(on, { email: In([]) }),
    finds: () => false,
    needsNoIndex: true,
  },
  { title: "Not of a value", ask: (on) => found(on, { email: Not(on.email) }), finds: others },
  { title: "Not of Equal", ask: (on) => found(on, { email: Not(Equal(on.email)) }), finds: others },
  { title: "Not of In", ask: (on) => found(on, { email: Not(In([on.email])) }), finds: others },
  {
    title: "Not of BlindEqual",
    ask: (on) => found(on, { email: Not(BlindEqual(on.email)) }),
    finds: others,
  },
  { title: "Not of Not", ask: (on) => found(on, { email: Not(Not(on.email)) }) },
  {
    title: "IsNull",
    ask: (on) => found(on, { email: IsNull() }),
    finds: ({ hasEmail }) => !hasEmail,
    needsNoIndex: true,
  },
  {
    title: "Not of IsNull",
    ask: (on) => found(on, { email: Not(IsNull()) }),
    finds: ({ hasEmail }) => hasEmail,
    needsNoIndex: true,
  },
  { title: "And", ask: (on) => found(on, { email: And(Not("x"), Equal(on.email)) }) },
  ...(Or
    ? [
        {
          title: "Or",
          ask: (on: Asking) => found(on, { email: Or(IsNull(), Equal(on.email)) }),
          finds: (one: Choice) => one.isSought || !one.hasEmail,
        },
      ]
    : []),
  {
    title: "alternatives",
    ask: (on) => found(on, [{ email: on.email }, { email: IsNull() }]),
    finds: ({ isSought, hasEmail }) => isSought || !hasEmail,
  },
  {
    title: "an embedded property",
    ask: (on) => found(on, { contact: { phone: on.phone }, email: on.email }),
  },
]

const methods: readonly QueryForm[] = [
  {
    title: "find",
    ask: async ({ members, email }) => namesOf(await members.find({ where: { email } })),
  },
  {
    title: "findOneBy",
    ask: async ({ members, email }) => {
      const member = await members.findOneBy({ email })
      return member ? [member.name] : []
    },
  },
  {
    title: "findAndCount of a page with relations",
    ask: async ({ members, email }) => {
      const options = { where: { email }, relations: { club: true }, order: { id: "ASC" as const } }
      const [page, count] = await members.findAndCount({ ...options, skip: 0, take: 1 })
      return page.length === count ? namesOf(page) : []
    },
  },
  { title: "count", ask: ({ members, email }) => members.count({ where: { email } }) },
  { title: "countBy", ask: ({ members, email }) => members.countBy({ email }) },
  {
    title: "a sum",
    ask: async ({ members, email }) => ((await members.sum("version", { email })) ? 1 : 0),
  },
  {
    title: "relations loaded by queries of their own",
    ask: async ({ members, email }) =>
      namesOf(
        await members.find({
          where: { email },
          relations: { club: true },
          relationLoadStrategy: "query",
        }),
      ),
  },
  {
    title: "a nested relation",
    ask: async ({ dataSource, email }) => {
      const where = { members: { email } }
      const clubs = await dataSource
        .getRepository(Club)
        .find({ where, relations: { members: true } })
      return clubs.flatMap(({ members = [] }) => namesOf(members))
    },
  },
  {
    title: "a property of a relation",
    ask: (on) => found(on, { club: { code: In(["old", "new"]) }, email: on.email }),
  },
]

const builders: readonly QueryForm[] = [
  {
    title: "a query builder's object",
    ask: async ({ members, email }) =>
      namesOf(await members.createQueryBuilder("m").where({ email }).getMany()),
  },
  {
    title: "andWhere and orWhere",
    ask: async ({ members, email }) => {
      const builder = members.createQueryBuilder("m").where("1 = 0").orWhere({ email })
      return namesOf(await builder.andWhere({ email: In([email]) }).getMany())
    },
  },
  {
    title: "Brackets",
    ask: async ({ members, email }) => {
      const brackets = new Brackets((nested) => nested.where({ email }).orWhere("1 = 0"))
      return namesOf(await members.createQueryBuilder("m").where(brackets).getMany())
    },
  },
  {
    title: "find options in a query builder",
    ask: ({ members, email }) =>
      members.createQueryBuilder("m").setFindOptions({ where: { email } }).getCount(),
  },
  {
    title: "a string with searchFor",
    ask: async ({ dataSource, members, email }) => {
      const emails = searchFor(dataSource, Member, "email", email)
      const builder = members
        .createQueryBuilder("m")
        .where("m.email_bidx IN (:...emails)", { emails })
      return namesOf(await builder.getMany())
    },
  },
]

/** Every way of asking by an indexed property. */
export const queryForms: readonly QueryForm[] = [
  ...conditions,
  ...methods,
  ...builders,
  ...criteriaForms,
]
