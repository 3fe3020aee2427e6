import type { DataSource, EntityMetadata } from "typeorm"

import { type OptionNames, unknownOptions } from "../unknown-options"
import { encryptedProperties, isEncrypted } from "./encrypted-properties"

/** Options of `redactPaths`. */
export interface RedactPathsOptions {
  /**
   * How many objects and lists may be around a record, that of a log's line not counted. Defaults to two,
   * and as many as the relations of the model put between an entity and an encrypted property: one for
   * each relation, two for one to many, six in all at most.
   */
  readonly depth?: number
}

const optionNames: OptionNames<RedactPathsOptions> = { depth: true }

const DEEPEST = 6

/**
 * Returns the paths of pino's `redact` option for every encrypted property of a DataSource: its name,
 * wherever it is in what is logged, down to a depth.
 *
 * @throws {@link EncryptionError} `ERR_COLUMN_MISUSE` before the DataSource is initialized
 * @throws TypeError if an option is unknown
 * @throws RangeError if the depth is no whole number, 0 or more
 *
 * @example
 * ```ts
 * const logger = pino({ redact: redactPaths(dataSource) })
 * ```
 */
export function redactPaths(dataSource: DataSource, options: RedactPathsOptions = {}): string[] {
  for (const option of unknownOptions(options, optionNames)) {
    throw new TypeError(`redactPaths() was given an ${option}.`)
  }
  const properties = encryptedProperties(dataSource)
  const { depth = depthOf(dataSource.entityMetadatas) } = options
  if (!Number.isSafeInteger(depth) || depth < 0) {
    throw new RangeError("depth must be a whole number, 0 or more.")
  }
  const paths = properties.flatMap(({ path }) =>
    Array.from({ length: depth + 1 }, (_, level) =>
      pinoPath([...Array<undefined>(level).fill(undefined), ...path]),
    ),
  )
  return [...new Set(paths)]
}

/** Spells a path as pino reads it; `undefined` stands for any name. */
function pinoPath(names: readonly (string | undefined)[]): string {
  return names
    .map((name, i) => {
      if (name !== undefined && !/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) return inBrackets(name)
      return `${i === 0 ? "" : "."}${name ?? "*"}`
    })
    .join("")
}

/** It knows no escapes, and either quotation mark. */
function inBrackets(name: string): string {
  const mark = name.includes('"') ? "'" : '"'
  return `[${mark}${name}${mark}]`
}

function depthOf(metadatas: readonly EntityMetadata[]): number {
  const farthest = Math.max(...metadatas.map((metadata) => farthestFrom(metadata)))
  return Math.min(2 + farthest, DEEPEST)
}

/** How many levels there are at most between an entity and the encrypted properties it leads to. */
function farthestFrom(start: EntityMetadata): number {
  const levels = new Map([[start, 0]])
  // A Map goes on with what is added meanwhile; whoever comes nearer is asked again
  const pending = new Set([start])
  for (const metadata of pending) {
    pending.delete(metadata)
    for (const relation of metadata.relations) {
      const { inverseEntityMetadata: other, isOneToMany, isManyToMany } = relation
      const level = (levels.get(metadata) ?? 0) + (isOneToMany || isManyToMany ? 2 : 1)
      if (level >= (levels.get(other) ?? Infinity)) continue
      levels.set(other, level)
      pending.add(other)
    }
  }
  const reached = [...levels].filter(([{ columns }]) => columns.some(isEncrypted))
  return Math.max(0, ...reached.map(([, level]) => level))
}
