import type { ColumnOptions, ValueTransformer } from "typeorm"

import { EncryptionError } from "../errors"
import type { BlindIndexDeclaration } from "./blind-index"
import type { BuiltInCodec } from "./built-in-codecs"
import type { Codec, TextCodec } from "./codec"
import type { ColumnKeyDeclaration } from "./column-key"
import type { JsonPath } from "./documents/json-path"
import type { LegacyDeclaration } from "./legacy/legacy-reader"
import { Padding } from "./padding"
import type { PlaintextPhase } from "./phase"
import type { SealedCacheOptions } from "./sealed-cache"

/** What `@EncryptedColumn` says beyond a plain column. Kept as given: the binding validates it. */
export interface EncryptedColumnDeclaration {
  readonly codec?: BuiltInCodec | Codec
  /** The parts of a JSON document that are encrypted, each by itself. */
  readonly paths?: readonly JsonPath[]
  readonly ttl?: number
  readonly plaintext?: PlaintextPhase
  readonly legacy?: LegacyDeclaration
  readonly constrained?: boolean
  readonly blindIndex?: BlindIndexDeclaration
  readonly columnKey?: ColumnKeyDeclaration
  readonly sealed?: boolean
  readonly padTo?: number
  readonly cached?: SealedCacheOptions
  /** What is wrong with the names of the options. */
  readonly unknownOptions?: readonly string[]
}

/**
 * The transformer of an encrypted column until `withEncryption` replaces it on a DataSource. It
 * carries the declaration, and fails closed: on a DataSource that was not bound nothing is written
 * in plaintext and no token is returned as a value.
 */
export class UnboundTransformer implements ValueTransformer {
  /** By its name a second copy of the package finds the declarations of the first. */
  readonly "@typeorm-fernet/declaration": EncryptedColumnDeclaration
  readonly #column: string

  constructor(column: string, declaration: EncryptedColumnDeclaration) {
    this.#column = column
    this["@typeorm-fernet/declaration"] = declaration
  }

  /** Refuses to write. @throws {@link EncryptionError} `ERR_COLUMN_UNBOUND` */
  to(): never {
    return this.#refuse()
  }

  /** Refuses to read. @throws {@link EncryptionError} `ERR_COLUMN_UNBOUND` */
  from(): never {
    return this.#refuse()
  }

  #refuse(): never {
    throw new EncryptionError(
      "ERR_COLUMN_UNBOUND",
      `${this.#column} is an encrypted column, but its DataSource has no keys. Call ` +
        "`withEncryption(dataSource)` before `dataSource.initialize()`.",
    )
  }
}

/** Returns what was declared on a column, or `undefined` for a column that is not encrypted. */
export function declarationOf(
  transformer: ColumnOptions["transformer"],
): EncryptedColumnDeclaration | undefined {
  if (transformer === undefined || Array.isArray(transformer)) return undefined
  return (transformer as Partial<UnboundTransformer>)["@typeorm-fernet/declaration"]
}

/** Returns how plaintexts of a column are padded, if they are. */
export function paddingOf(
  padTo: number | undefined,
  codec: Codec | TextCodec,
): Padding | undefined {
  return padTo === undefined ? undefined : new Padding(padTo, "decodeText" in codec)
}

/**
 * Whether a blind index may cover a column: its codec writes equal values alike, or says what they
 * have in common.
 */
export function canBeIndexed({ codec = "string", paths }: EncryptedColumnDeclaration): boolean {
  if (codec === "json" || paths !== undefined) return false
  return typeof codec === "string" || typeof codec.canonical === "function"
}
