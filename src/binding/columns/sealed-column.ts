import { isUtf8 } from "node:buffer"

import { type Codec, encodedBytes, type TextCodec } from "../../column/codec"
import { type EncryptedColumnDeclaration, paddingOf } from "../../column/declaration"
import type { Keyring } from "../../fernet/keyring"
import { isFresh } from "../../fernet/token-age"
import { mayBeToken } from "../../fernet/token-format"
import type { ColumnRings } from "./column-rings"
import { RevealedCells } from "./revealed-cells"
import type { SealedColumn } from "./sealed-cell"
import { isInvalidToken } from "./unencrypted-cells"

/** What a column has whose cells are sealed. */
export interface SealedColumnParts extends Pick<SealedColumn, "codec" | "property" | "read"> {
  readonly declaration: EncryptedColumnDeclaration
  readonly rings: ColumnRings
  readonly primaryKeyOf?: SealedColumn["primaryKeyOf"] | undefined
  readonly beforeReveal?: SealedColumn["beforeReveal"]
  /** Is given what wipes what is kept of the column. */
  readonly keeps?: ((wipe: () => void) => void) | undefined
}

/** Returns how the sealed cells of a column are read. */
export function sealedColumn(parts: SealedColumnParts): SealedColumn {
  const { property, codec, rings, primaryKeyOf = () => undefined } = parts
  const { cached } = parts.declaration
  const plaintexts = cached ? keptPlaintexts(parts, new RevealedCells(cached)) : undefined
  const read = (cell: unknown): unknown => {
    const plaintext = plaintexts?.(cell)
    if (!plaintext) return parts.read(cell)
    try {
      return decodedAndWiped(codec, plaintext)
    } catch {
      // It says what is wrong with the cell
      return parts.read(cell)
    }
  }
  const bytesOf = plaintexts ?? ((cell: unknown) => tokenBytes(parts, cell))
  return {
    ...{ property, codec, read, primaryKeyOf, beforeReveal: parts.beforeReveal },
    readBytes: (cell) => bytesOf(cell) ?? encodedBytes(codec, parts.read(cell)),
    tenant: () => rings.tenant,
    catchUp: () => {
      rings.catchUp()
    },
  }
}

/** Returns what reads the plaintext of a token, and keeps it; it gives `undefined` for what is none. */
function keptPlaintexts(
  parts: SealedColumnParts,
  kept: RevealedCells,
): (cell: unknown) => Buffer | undefined {
  const { rings, declaration } = parts
  const { ttl } = declaration
  const isKept = (timestamp: number): boolean => ttl === undefined || isFresh(timestamp, ttl)
  parts.keeps?.(() => {
    kept.wipe()
  })
  return (cell) => {
    if (typeof cell !== "string") return undefined
    const owner = { ring: rings.of(), tenant: rings.tenant }
    const known = kept.take(cell, owner, isKept)
    if (known) return known
    const plaintext = tokenBytes(parts, cell)
    const timestamp = plaintext && timestampOf(owner.ring, cell)
    if (plaintext && timestamp !== undefined) kept.keep(cell, owner, plaintext, timestamp)
    return plaintext
  }
}

/** `undefined` for one that a number cannot hold. */
function timestampOf(ring: Keyring, token: string): number | undefined {
  try {
    return ring.extractTimestamp(token)
  } catch {
    return undefined
  }
}

function decodedAndWiped(codec: Codec | TextCodec, plaintext: Buffer): unknown {
  // The bytes that a codec is given are its to keep
  if (!("decodeText" in codec)) return codec.decode(plaintext)
  try {
    return codec.decodeText(plaintext.toString("utf8"))
  } finally {
    plaintext.fill(0)
  }
}

/** Returns the plaintext of a token in bytes that are nobody else's; `undefined` if it is none to be read. */
function tokenBytes(
  { codec, declaration: { ttl, padTo }, rings }: SealedColumnParts,
  cell: unknown,
): Buffer | undefined {
  if (typeof cell !== "string" || !mayBeToken(cell)) return undefined
  try {
    const { buffer, byteOffset, byteLength } = rings.of().decrypt(cell, ttl)
    const padded = Buffer.from(buffer, byteOffset, byteLength)
    const bytes = paddingOf(padTo, codec)?.unpad(padded) ?? padded
    if (!("decodeText" in codec) || isUtf8(bytes)) return bytes
    padded.fill(0)
  } catch (error) {
    if (!isInvalidToken(error)) throw error
  }
  return undefined
}
