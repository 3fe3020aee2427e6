import type { EntityMetadata } from "typeorm"

/** TypeORM exports the class of its column metadata only through the entity's. */
export type ColumnMetadata = EntityMetadata["columns"][number]
