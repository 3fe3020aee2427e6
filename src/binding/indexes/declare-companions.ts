import type { DataSource, EntityMetadata, ObjectLiteral } from "typeorm"

import { BlindIndex, type IndexMember } from "../../search/blind-index"
import { companionProperty, digitsOf } from "../../search/blind-index-definition"
import { readsPlaintext } from "../../column/phase"
import { driverFacts } from "../../dialect/driver-facts"
import { boundColumn } from "../columns/bound-column"
import { type ColumnMetadata, type IndexMetadata, newColumn } from "../typeorm-internals"
import { addCompanion, Companion } from "./companion"
import { type IndexPlan, planIndexes } from "./index-plan"
import { scopeCondition } from "./unique-scope"
import { isLeft, isWriting } from "./written-companions"
import type { KeyResolver } from "../keys/key-resolver"

/**
 * Adds the companion columns of blind indexes, and their database indexes, to the model of one
 * DataSource whose encrypted columns are bound. Schema commands then see them as any other column.
 */
export function declareCompanions(dataSource: DataSource, keys: KeyResolver): void {
  // What a parent of single-table inheritance declares, its children have
  for (const metadata of dataSource.entityMetadatas) {
    if (metadata.tableType === "entity-child") continue
    for (const plan of planIndexes(metadata)) declareCompanion(dataSource, metadata, plan, keys)
  }
}

function declareCompanion(
  dataSource: DataSource,
  metadata: EntityMetadata,
  plan: IndexPlan,
  keys: KeyResolver,
): void {
  const column = companionColumn(dataSource, metadata, plan)
  const property = `${metadata.name}.${plan.declaredOn.propertyPath}`
  register(metadata, column)
  const index = new BlindIndex(
    {
      ...plan.definition,
      members: plan.sources.map((source) => memberOf(dataSource, source)) as [
        IndexMember,
        ...IndexMember[],
      ],
    },
    () => keys.ringFor(property),
  )
  const companion = new Companion(index, column, plan.sources, {
    scope: plan.scope,
    building: plan.options.building,
  })
  follow(column, companion)
  for (const owner of new Set([metadata, ...descendantsOf(metadata)])) {
    if (plan.sources.every((source) => hasColumn(owner, source))) addCompanion(owner, companion)
  }
  // What a view shows is indexed in its tables
  if (metadata.tableType !== "view") declareIndex(dataSource, metadata, companion)
}

/**
 * Adds a column to an entity and to those that share its table. TypeORM would add it to every class
 * that extends it, and one with a table of its own has its own companions.
 */
function register(metadata: EntityMetadata, column: ColumnMetadata): void {
  const { childEntityMetadatas } = metadata
  metadata.childEntityMetadatas = childrenOf(metadata)
  try {
    metadata.registerColumn(column)
  } finally {
    metadata.childEntityMetadatas = childEntityMetadatas
  }
}

/** Whoever is a child of a child may be among the children as well. */
function descendantsOf(metadata: EntityMetadata): readonly EntityMetadata[] {
  return childrenOf(metadata).flatMap((child) => [child, ...descendantsOf(child)])
}

function childrenOf({ childEntityMetadatas }: EntityMetadata): EntityMetadata[] {
  return childEntityMetadatas.filter(({ tableType }) => tableType === "entity-child")
}

/** The parent of single-table inheritance has the columns of every child, a child its own only. */
function hasColumn(metadata: EntityMetadata, { propertyPath }: ColumnMetadata): boolean {
  return metadata.findColumnWithPropertyPathStrict(propertyPath) !== undefined
}

function companionColumn(
  dataSource: DataSource,
  metadata: EntityMetadata,
  { definition, sources }: IndexPlan,
): ColumnMetadata {
  const [source] = sources as [ColumnMetadata]
  return newColumn(dataSource, source, {
    entityMetadata: metadata,
    args: {
      target: metadata.target,
      propertyName: companionProperty(definition.name),
      mode: "regular",
      options: {
        name: definition.name,
        type: "varchar",
        length: digitsOf(definition),
        nullable: true,
        select: false,
        insert: sources.every(({ isInsert }) => isInsert),
        update: sources.every(({ isUpdate }) => isUpdate),
      },
    },
  })
}

/** Entities never hold the companion's value: it is read from its sources, and never set. */
function follow(column: ColumnMetadata, companion: Companion): void {
  const getEntityValue = column.getEntityValue.bind(column)
  column.getEntityValue = (entity: ObjectLiteral, transform = false): unknown => {
    if (isLeft(companion)) return undefined
    if (!transform) return isWriting() ? companion.valueIn(entity) : companion.comparedIn(entity)
    // So are conditions and database entities read; of these only conditions may hold it
    const inCondition: unknown = getEntityValue(entity, true)
    return inCondition ?? companion.storedIn(entity)
  }
  column.setEntityValue = () => undefined
}

function memberOf({ options }: DataSource, source: ColumnMetadata): IndexMember {
  const bound = boundColumn(source)
  if (!bound) throw new TypeError(`${source.propertyPath} is not bound`)
  const { isToken, castsToBytes = false, longList } = driverFacts(options.type)
  return {
    property: bound.property,
    path: source.propertyPath,
    // What others encrypted is no plaintext to compare: there, all rows have an index value
    plaintextAllowed: readsPlaintext(bound.phase) && !bound.readsLegacy,
    ...{ isToken, castsToBytes, longList },
    plaintextOf: (value) => bound.plaintextOf(value),
  }
}

function declareIndex(
  dataSource: DataSource,
  metadata: EntityMetadata,
  { column, index, scope }: Companion,
): void {
  // The companion first, so that the index answers searches in all scopes as well
  const columns = [column, ...(scope?.within ?? [])]
  const names = columns.map(({ databaseName }) => databaseName)
  const where = scope && scopeCondition(scope, (name) => dataSource.driver.escape(name))
  // TypeORM reads no more of it than this
  const declared: unknown = {
    name: dataSource.namingStrategy.indexName(metadata.tablePath, names, where),
    columns,
    entityMetadata: metadata,
    target: metadata.target,
    isUnique: index.unique,
    ...(where !== undefined && { where }),
    isSpatial: false,
    isFulltext: false,
    isNullFiltered: false,
    synchronize: true,
    columnNamesWithOrderingMap: Object.fromEntries(columns.map((one) => [one.propertyPath, 1])),
  }
  metadata.indices.push(declared as IndexMetadata)
}
