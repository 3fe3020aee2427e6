import { createHash } from "node:crypto"

/**
 * Returns a name made of parts, cut to what a database allows, with a hash of the whole before a
 * suffix: so no two are alike that begin alike.
 *
 * @param longest - in bytes
 */
export function hashedName(parts: readonly string[], suffix: string, longest: number): string {
  const hash = createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 8)
  const end = `_${hash}${suffix}`
  let name = parts.join("_").slice(0, longest - end.length)
  while (Buffer.byteLength(name) + end.length > longest || !name.isWellFormed()) {
    name = name.slice(0, -1)
  }
  return `${name}${end}`
}

/** Returns the name of the constraint that keeps plaintext out of a column. */
export function constraintName(table: string, column: string, longest: number): string {
  return hashedName([table, column], "_is_token", longest)
}

/** Joins conditions, leaving out what is `undefined`; `""` if nothing is left. */
export function whereClause(...conditions: readonly (string | undefined)[]): string {
  const present = conditions.filter((condition) => condition !== undefined)
  return present.length === 0 ? "" : ` WHERE ${present.map((one) => `(${one})`).join(" AND ")}`
}

/** Collects the values of a statement and gives out their places. */
export class Values {
  readonly list: unknown[] = []
  readonly #placeholder: (position: number, value: unknown) => string

  constructor(placeholder: (position: number, value: unknown) => string) {
    this.#placeholder = placeholder
  }

  /** Takes a value in and returns its placeholder. */
  add(value: unknown): string {
    this.list.push(value)
    return this.#placeholder(this.list.length, value)
  }
}
