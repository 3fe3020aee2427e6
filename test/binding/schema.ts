import { EntitySchema, type EntitySchemaColumnOptions, type EntitySchemaOptions } from "typeorm"

/** An EntitySchema with a numeric primary key `id` beside the columns given. */
export function schema<Row extends object = object>(
  name: string,
  columns: Readonly<Record<string, EntitySchemaColumnOptions>>,
  more: Partial<EntitySchemaOptions<Row>> = {},
): EntitySchema<Row & { id: number }> {
  const id = { type: Number, primary: true }
  const options = { name, columns: { id, ...columns }, ...more } as EntitySchemaOptions<
    Row & { id: number }
  >
  return new EntitySchema(options)
}
