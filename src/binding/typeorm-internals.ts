/* eslint-disable max-lines -- one list of everything that is relied on, to be read as a whole */
import {
  type DataSource,
  type EntityMetadata,
  FindOperator,
  getMetadataArgsStorage,
  type ObjectLiteral,
  type QueryBuilder,
  type QueryRunner,
  type Table,
  type SelectQueryBuilder,
} from "typeorm"

import { EncryptionError } from "../errors"

// Everything of TypeORM that is not its documented interface and that anything here relies on: first
// what its declarations leave out or do not export, typed once; then, for each member, what breaks
// without it, which is asserted when a DataSource initializes.

/** TypeORM exports the class of its column metadata only through the entity's. */
export type ColumnMetadata = EntityMetadata["columns"][number]

/** A CHECK constraint of the model; TypeORM does not export the class. */
export type CheckMetadata = EntityMetadata["checks"][number]

/** A database index of the model; TypeORM does not export the class. */
export type IndexMetadata = EntityMetadata["indices"][number]

/** A listener of an entity's events; TypeORM does not export the class. */
export type ListenerMetadata = EntityMetadata["listeners"][number]

/** What TypeORM's drivers have in common. */
export type Driver = DataSource["driver"]

type DeclaredMap = QueryBuilder<ObjectLiteral>["expressionMap"]

/** What a query builder was told, before it is compiled. TypeORM declares as set what may not be. */
export type ExpressionMap = Omit<DeclaredMap, "onUpdate"> & {
  onUpdate?: DeclaredMap["onUpdate"]
}

/** A row of a result, by the aliases of its columns. */
export type RawRow = Readonly<Record<string, unknown>>

interface DataSourceInternals {
  buildMetadatas: () => Promise<void>
}

/** What a builder of a SELECT is executed by. */
export interface SelectInternals extends Pick<
  SelectQueryBuilder<ObjectLiteral>,
  "getOneOrFail" | "orderBy" | "select"
> {
  expressionMap: ExpressionMap
  readonly findOptions: { readonly select?: unknown }
  loadRawResults: (runner: unknown) => Promise<readonly RawRow[]>
  executeCountQuery: (runner: unknown) => Promise<number>
  computeCountExpression: () => string
  createLimitOffsetExpression: () => string
  executeExistsQuery: (runner: unknown) => Promise<boolean>
  /** TypeORM 0.3.17 has it not, and always counts. */
  lazyCount?: () => number | undefined
  buildEscapedEntityColumnSelects: (
    alias: string,
    metadata: EntityMetadata,
  ) => readonly { readonly selection: string; readonly aliasName: string }[]
}

/** What a query runner returns when it is asked for a structured result. */
export interface StructuredResult {
  readonly records?: unknown
}

/** A statement in the memory of a query runner; TypeORM does not export the class. */
export interface MemorizedQuery {
  readonly query: string
  readonly parameters: undefined
}

/** A query runner with the members that change a schema. */
export interface SchemaRunner extends QueryRunner {
  readonly loadedTables: Table[]
  executeQueries(up: readonly MemorizedQuery[], down: readonly MemorizedQuery[]): Promise<void>
  escapePath(table: Table): string
  getCachedTable(name: string): Promise<Table>
}

interface SchemaBuilderInternals {
  readonly queryRunner: SchemaRunner
  executeSchemaSyncOperationsInProperOrder: () => Promise<void>
}

/** The members of a schema builder between what it loads and what it sends. */
export function schemaBuilderInternalsOf(builder: object): SchemaBuilderInternals {
  return builder as SchemaBuilderInternals
}

/** The members of a query runner that change a schema, most of them protected. */
export function schemaRunnerOf(runner: QueryRunner): SchemaRunner {
  return runner as unknown as SchemaRunner
}

/** The protected members of a DataSource. */
export function internalsOf(dataSource: DataSource): DataSourceInternals {
  return dataSource as unknown as DataSourceInternals
}

/** The members of every query builder that are protected. */
interface BuilderInternals {
  replacePropertyNamesForTheWholeQuery: (sql: string) => string
  readonly parentQueryBuilder?: QueryBuilder<ObjectLiteral>
  queryRunner: QueryRunner | undefined
}

/** The protected members of a query builder. */
export function builderInternalsOf(builder: QueryBuilder<ObjectLiteral>): BuilderInternals {
  return builder as unknown as BuilderInternals
}

/** What a query runner tells subscribers by. TypeORM 0.3.17 tells them of no statements. */
export interface Broadcaster {
  readonly queryRunner: QueryRunner
}

/** The protected broadcaster of a query runner. */
export function broadcasterOf(runner: QueryRunner): Broadcaster {
  return (runner as unknown as { readonly broadcaster: Broadcaster }).broadcaster
}

/** The DataSource of a query runner, which TypeORM 0.3 calls `connection`. */
export function dataSourceOfRunner(runner: QueryRunner): DataSource {
  const { dataSource, connection } = runner as { dataSource?: DataSource; connection: DataSource }
  return dataSource ?? connection
}

/** The members of a builder of a SELECT that it is executed by. */
export function selectInternalsOf(builder: QueryBuilder<ObjectLiteral>): SelectInternals {
  return builder as unknown as SelectInternals
}

/** Makes a column that no class declares. The class to make it of is that of another column. */
export function newColumn(
  dataSource: DataSource,
  like: ColumnMetadata,
  args: { readonly entityMetadata: EntityMetadata; readonly args: object },
): ColumnMetadata {
  const Class = like.constructor as new (args: object) => ColumnMetadata
  // TypeORM 0.3 calls the DataSource `connection`
  return new Class({ connection: dataSource, dataSource, ...args }).build(dataSource)
}

/** Reads a property of an entity as it is, past whatever was put in the place of the method. */
export function plainValueOf(column: ColumnMetadata, entity: ObjectLiteral): unknown {
  const unchanged = Object.getPrototypeOf(column) as ColumnMetadata
  return unchanged.getEntityValue.call(column, entity, false)
}

/** TypeORM's mark of its own classes, by which a second copy of TypeORM is recognised too. */
export function markOf(value: object): unknown {
  return (value as { readonly "@instanceof"?: unknown })["@instanceof"]
}

/** For each member a sentence on what breaks without it, worded to follow "without which". */
type Members<Owner> = { readonly [Name in keyof NoInfer<Owner>]?: string }

/** Members of one object of TypeORM that are relied on. */
export interface Reliance {
  /** The object, as a message names it. */
  readonly owner: string
  /** Where it is had; `undefined` if the model has none. */
  readonly of: (dataSource: DataSource) => object | undefined
  readonly methods: Readonly<Record<string, string>>
  readonly properties: Readonly<Record<string, string>>
}

function reliance<Owner extends object>(
  owner: string,
  of: (dataSource: DataSource) => Owner | undefined,
  members: { readonly methods?: Members<Owner>; readonly properties?: Members<Owner> },
): Reliance {
  // Optional are the names: what is listed has its sentence
  return { owner, of, methods: {}, properties: {}, ...(members as Partial<Reliance>) }
}

const UNCHECKED = "a column that cannot be encrypted would pass the validation of the model"
const UNGUARDED = "what a query builder compares or writes would not be checked"
const UNFOUND = "the encrypted columns of a query could not be told from others"
const UNPAGED = "a page of what a truncated index finds would be cut before it is checked"
const UNCOMPARED = "a truncated index would return or count the rows of other values"
const STALE = "blind indexes would not follow their properties"

const UNLOADED = "a property that was not loaded could not be told from one that is NULL"

const TOLD = "loggers and subscribers would be shown what is sought in legacy plaintext"

const SHOWN = "a logger would show encrypted properties"

const DROPPED = "a changed column would be dropped with its values"

const ofBinding = reliance("DataSource", internalsOf, {
  methods: { buildMetadatas: "no column would be bound, and nothing encrypted" },
})

/** Everything that is relied on, by the object that has it. */
export const reliances: readonly Reliance[] = [
  ofBinding,
  reliance("DataSource", (dataSource) => dataSource, {
    methods: {
      createEntityManager: "an EntityNotFoundError would show what was sought",
      createQueryBuilder: UNGUARDED,
    },
    properties: {
      driver: "no value would be encrypted",
      entityMetadatas: UNCHECKED,
      logger: TOLD,
    },
  }),
  reliance("driver", ({ driver }) => driver, {
    methods: {
      preparePersistentValue: "values would be stored in plaintext",
      prepareHydratedValue: "documents would be parsed before their column is asked",
      createGeneratedMap: "what a write returns would put tokens into entities",
      escapeQueryWithParameters: "comparisons with ciphertext would reach the database",
      createQueryRunner: TOLD,
      createSchemaBuilder: DROPPED,
      normalizeType: DROPPED,
      normalizeIsUnique: DROPPED,
      getColumnLength: DROPPED,
      createFullType: DROPPED,
      parseTableName: DROPPED,
      buildTableName: DROPPED,
      escape: "names could not be quoted",
      isReturningSqlSupported: "what a write returns could not be proven to be decrypted",
    },
    properties: { supportedUpsertTypes: "blind indexes of an upsert could not be proven" },
  }),
  reliance("query runner", ({ driver }) => driver.createQueryRunner("master"), {
    methods: {
      query: TOLD,
      stream: TOLD,
      connect: "bulk commands would not connect",
    },
  }),
  reliance(
    "broadcaster of a query runner",
    ({ driver }) => broadcasterOf(driver.createQueryRunner("master")),
    { properties: { queryRunner: TOLD } },
  ),
  reliance("query runner", ({ driver }) => schemaRunnerOf(driver.createQueryRunner("master")), {
    methods: {
      changeColumn: DROPPED,
      changeColumns: DROPPED,
      dropColumn: DROPPED,
      dropColumns: DROPPED,
      renameColumn: DROPPED,
      executeQueries: "generated migrations would drop columns with their values",
      escapePath: DROPPED,
      getCachedTable: DROPPED,
    },
    properties: { loadedTables: DROPPED },
  }),
  reliance(
    "schema builder",
    ({ driver }) => schemaBuilderInternalsOf(driver.createSchemaBuilder()),
    {
      methods: { executeSchemaSyncOperationsInProperOrder: DROPPED },
    },
  ),
  reliance("SelectQueryBuilder", (dataSource) => dataSource.createQueryBuilder(), {
    methods: {
      getQuery: UNGUARDED,
      getCount: UNCOMPARED,
      getExists: UNCOMPARED,
      getManyAndCount: UNCOMPARED,
      getRawAndEntities: UNCOMPARED,
      setFindOptions: "conditions of find options would not go to blind indexes",
      getOneOrFail: "an EntityNotFoundError would show what was sought",
    },
    properties: { expressionMap: UNGUARDED },
  }),
  reliance("QueryBuilder", (dataSource) => builderInternalsOf(dataSource.createQueryBuilder()), {
    methods: { replacePropertyNamesForTheWholeQuery: UNGUARDED },
    properties: { queryRunner: "an index would be completed outside of its transaction" },
  }),
  reliance(
    "sub-query's QueryBuilder",
    (dataSource) => builderInternalsOf(dataSource.createQueryBuilder().subQuery()),
    { properties: { parentQueryBuilder: "the parameters of a sub-query would not be found" } },
  ),
  reliance(
    "SelectQueryBuilder",
    (dataSource) => selectInternalsOf(dataSource.createQueryBuilder()),
    {
      methods: {
        buildEscapedEntityColumnSelects: UNCOMPARED,
        createLimitOffsetExpression: UNPAGED,
        computeCountExpression: "a count of different tokens would not be refused",
        executeCountQuery: UNCOMPARED,
        executeExistsQuery: UNCOMPARED,
        loadRawResults: UNCOMPARED,
      },
      properties: { findOptions: UNCOMPARED },
    },
  ),
  reliance(
    "QueryExpressionMap",
    (dataSource) =>
      dataSource.createQueryBuilder().take(1).skip(1).limit(1).offset(1).expressionMap,
    {
      properties: {
        aliases: UNFOUND,
        groupBys: UNGUARDED,
        havings: UNGUARDED,
        joinAttributes: UNGUARDED,
        insertColumns: STALE,
        limit: UNPAGED,
        options: UNCOMPARED,
        queryEntity: UNCOMPARED,
        wheres: UNCOMPARED,
        offset: UNPAGED,
        orderBys: UNGUARDED,
        parameters: "an EntityNotFoundError would show what was sought",
        queryType: UNGUARDED,
        selectDistinct: UNGUARDED,
        selectDistinctOn: UNGUARDED,
        selects: UNGUARDED,
        skip: UNPAGED,
        take: UNPAGED,
      },
    },
  ),
  reliance(
    "QueryExpressionMap of an UPDATE",
    (dataSource) => dataSource.createQueryBuilder().update(NO_TABLE).set({}).expressionMap,
    { properties: { mainAlias: UNFOUND, valuesSet: STALE, whereEntities: STALE } },
  ),
  reliance(
    "QueryExpressionMap of an upsert",
    (dataSource) =>
      dataSource.createQueryBuilder().insert().into(NO_TABLE).orUpdate(["a"], ["b"]).expressionMap,
    { properties: { onUpdate: STALE } },
  ),
  reliance("EntityMetadata", ({ entityMetadatas: [metadata] }) => metadata, {
    methods: {
      findColumnWithDatabaseName: "what a write returns would put tokens into entities",
      findColumnWithPropertyPathStrict: UNFOUND,
      findRelationWithPropertyPath: UNFOUND,
      hasAllPrimaryKeys: "a column that was not loaded would be overwritten with NULL",
      registerColumn: "blind indexes would have no column",
    },
    properties: {
      afterInsertListeners: UNLOADED,
      beforeInsertListeners: UNLOADED,
      beforeUpdateListeners: UNLOADED,
      checks: "plaintext would not be kept out of constrained columns",
      childEntityMetadatas: STALE,
      columns: "no column would be bound, and nothing encrypted",
      exclusions: UNCHECKED,
      foreignKeys: UNCHECKED,
      indices: UNCHECKED,
      inheritanceTree: UNCHECKED,
      relations: SHOWN,
      tableType: UNCHECKED,
      uniques: UNCHECKED,
    },
  }),
  reliance("ColumnMetadata", anyColumn, {
    properties: {
      databaseName: UNFOUND,
      embeddedMetadata: SHOWN,
      entityMetadata: STALE,
      isArray: UNCHECKED,
      isCreateDate: UNCHECKED,
      isDeleteDate: UNCHECKED,
      isDiscriminator: UNCHECKED,
      isGenerated: UNCHECKED,
      isInsert: "a column that is never inserted could not be told",
      isMaterializedPath: UNCHECKED,
      isNestedSetLeft: UNCHECKED,
      isNestedSetRight: UNCHECKED,
      isNullable: "a column that was not loaded would be overwritten with NULL",
      isObjectId: UNCHECKED,
      isPrimary: UNCHECKED,
      isTreeLevel: UNCHECKED,
      isUpdate: "a column that is never updated could not be told",
      isUpdateDate: UNCHECKED,
      isVersion: UNCHECKED,
      isVirtualProperty: UNCHECKED,
      propertyName: SHOWN,
      propertyPath: UNFOUND,
      target: SHOWN,
    },
  }),
  reliance(
    "class of ColumnMetadata",
    (dataSource) => {
      const column = anyColumn(dataSource)
      return column && (Object.getPrototypeOf(column) as ColumnMetadata)
    },
    {
      methods: {
        build: "blind indexes would have no column",
        createValueMap: "the encryption of a column could not be proven",
        getEntityValue: STALE,
        setEntityValue: "a column that was not loaded would be overwritten with NULL",
      },
    },
  ),
  reliance("FindOperator", () => new FindOperator<unknown>("raw", undefined), {
    methods: { transformValue: "a sought value would be changed in place of being compiled" },
    properties: {
      "@instanceof": "an operator would be taken for a value",
      child: "a negation would be answered wrongly",
      getSql: "conditions would not go to blind indexes",
      objectLiteralParameters: "conditions would not go to blind indexes",
      type: "an operator that cannot be answered could not be told",
      value: "conditions would not go to blind indexes",
    },
  }),
  reliance("MetadataArgsStorage", getMetadataArgsStorage, { properties: { columns: UNCHECKED } }),
]

/** No table has this name: a builder of it shows what builders are like. */
const NO_TABLE = "typeorm-fernet"

function anyColumn({ entityMetadatas }: DataSource): ColumnMetadata | undefined {
  return entityMetadatas.find(({ columns }) => columns.length > 0)?.columns[0]
}

/**
 * Asserts that a DataSource has what the binding of its columns begins with.
 *
 * @throws {@link EncryptionError} `ERR_SEAM_BROKEN`
 */
export function assertBindable(dataSource: DataSource): void {
  assertMembers(ofBinding, dataSource)
}

/**
 * Asserts that TypeORM has everything that is relied on.
 *
 * @throws {@link EncryptionError} `ERR_SEAM_BROKEN`
 */
export function assertInternals(dataSource: DataSource): void {
  for (const reliance of reliances) {
    const owner = ownerOf(reliance, dataSource)
    if (owner) assertMembers(reliance, owner)
  }
}

function ownerOf({ owner, of }: Reliance, dataSource: DataSource): object | undefined {
  try {
    return of(dataSource)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw brokenSeam(`TypeORM's ${owner} is not had as it was`)
  }
}

/**
 * Asserts that an object has the members that are relied on.
 *
 * @throws {@link EncryptionError} `ERR_SEAM_BROKEN`
 */
export function assertMembers(
  { owner, methods, properties }: Omit<Reliance, "of">,
  object: object,
): void {
  const members = object as Readonly<Record<string, unknown>>
  for (const [name, broken] of Object.entries(methods)) {
    if (typeof members[name] === "function") continue
    throw brokenSeam(`TypeORM's ${owner} has no method ${name}, without which ${broken}`)
  }
  for (const [name, broken] of Object.entries(properties)) {
    if (name in members) continue
    throw brokenSeam(`TypeORM's ${owner} has no ${name}, without which ${broken}`)
  }
}

/** Says that this version of TypeORM is not as it is relied on to be. */
export function brokenSeam(problem: string): EncryptionError {
  return new EncryptionError(
    "ERR_SEAM_BROKEN",
    `${problem}. Use versions of TypeORM and of the database driver that typeorm-fernet supports, ` +
      "or report it.",
  )
}
