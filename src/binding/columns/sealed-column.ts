import { isUtf8 } from "node:buffer"

import { encodedBytes } from "../../column/codec"
import type { EncryptedColumnDeclaration } from "../../column/declaration"
import { mayBeToken } from "../../fernet/token-format"
import type { ColumnRings } from "./column-rings"
import type { SealedColumn } from "./sealed-cell"
import { isInvalidToken } from "./unencrypted-cells"

/** What a column has whose cells are sealed. */
export interface SealedColumnParts extends Pick<SealedColumn, "codec" | "property" | "read"> {
  readonly declaration: EncryptedColumnDeclaration
  readonly rings: ColumnRings
  readonly primaryKeyOf?: SealedColumn["primaryKeyOf"] | undefined
}

/** Returns how the sealed cells of a column are read. */
export function sealedColumn(parts: SealedColumnParts): SealedColumn {
  const { property, codec, read, rings, primaryKeyOf = () => undefined } = parts
  return {
    ...{ property, codec, read, primaryKeyOf },
    readBytes: (cell) => tokenBytes(parts, cell) ?? encodedBytes(codec, read(cell)),
    tenant: () => rings.tenant,
    catchUp: () => {
      rings.catchUp()
    },
  }
}

/** Returns the plaintext of a token in bytes that are nobody else's; `undefined` if it is none to be read. */
function tokenBytes(
  { codec, declaration: { ttl }, rings }: SealedColumnParts,
  cell: unknown,
): Buffer | undefined {
  if (typeof cell !== "string" || !mayBeToken(cell)) return undefined
  try {
    const { buffer, byteOffset, byteLength } = rings.of().decrypt(cell, ttl)
    const bytes = Buffer.from(buffer, byteOffset, byteLength)
    if (!("decodeText" in codec) || isUtf8(bytes)) return bytes
    bytes.fill(0)
  } catch (error) {
    if (!isInvalidToken(error)) throw error
  }
  return undefined
}
