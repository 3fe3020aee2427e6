/** Returns the name of the companion column of an index over columns with these names. */
export function companionName(columns: readonly string[]): string {
  return `${columns.join("_")}_bidx`
}

/** Returns the property of a companion column: its name, as far as TypeORM finds it in a statement. */
export function companionProperty(companion: string): string {
  return companion.replaceAll(/[^\p{L}\p{N}_$]/gu, "_")
}

/**
 * Returns what the key of an index is derived from unless its declaration says otherwise.
 *
 * @param table - its name without schema
 * @param columns - the names of the columns it covers, in its order
 */
export function indexContext(table: string, columns: readonly string[], companion: string): string {
  return [table, columns.join(","), companion].join("/")
}
