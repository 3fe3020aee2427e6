import type { ColumnCheck, EncryptionCheck, KeysCheck } from "./check-encryption"

/** Returns what {@link checkEncryption} found as text for people, a line for each thing. */
export function describeCheck(check: EncryptionCheck): string {
  const { ok, keys, blindIndexKeys, tables, problems, notes } = check
  const lines = [
    ok ? "The encrypted columns are in order." : "The encrypted columns are not in order.",
    ...problems.map((problem) => `problem: ${problem}`),
    ...notes.map((note) => `note: ${note}`),
    `keys: ${describeKeys(keys)}`,
    `keys of blind indexes: ${describeKeys(blindIndexKeys)}`,
    ...tables.flatMap(({ table, rows, columns, indexes }) => [
      `${table}: ${rows} rows looked at`,
      ...Object.entries(columns).map(([label, column]) => `  ${label}: ${describeColumn(column)}`),
      ...Object.entries(indexes).map(([label, proof]) => `  ${label}: ${proof}`),
    ]),
  ]
  return `${lines.join("\n")}\n`
}

function describeKeys({ origin, fingerprints, fetchedAt }: KeysCheck): string {
  const fetched = fetchedAt ? `, fetched ${fetchedAt.toISOString()}` : ""
  return `${fingerprints.join(", ")} from ${origin}${fetched}`
}

function describeColumn({ proof, type, cells, constrained }: ColumnCheck): string {
  const { stale, ...states } = cells
  const counts = [...Object.entries(states), ...Object.entries(stale)]
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
  const has = constrained ? ", constrained" : ""
  return `${proof}, ${type}${has}${counts.length > 0 ? ` (${counts.join(", ")})` : ""}`
}
