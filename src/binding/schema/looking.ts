import type { ResultRow } from "../../dialect/connection"
import type { Looking } from "../../dialect/conversions/conversion"
import type { SchemaRunner, StructuredResult } from "../typeorm-internals"

/** Returns what the schema's state is asked by, on the connection of a query runner. */
export function looking(runner: SchemaRunner): Looking {
  return {
    query: async (sql, values = []) => {
      const { records } = (await runner.query(sql, [...values], true)) as StructuredResult
      return { rows: (records ?? []) as readonly ResultRow[] }
    },
  }
}
