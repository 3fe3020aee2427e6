import { isUint8Array } from "node:util/types"

import { looksLikeToken, mayBeToken } from "../../fernet/token-format"
import { declaredReaders, type LegacyDeclaration, type LegacyReader } from "../legacy/legacy-reader"

/**
 * A leaf as its column's keys and codec know cells: a string that looks like a token is taken for one,
 * and all else is plaintext, in the JSON that a token of it holds.
 *
 * @param leaf - its JSON
 */
export function leafCell(leaf: string): string {
  return leaf.startsWith('"') ? cellOfLeaf(JSON.parse(leaf), leaf) : leaf
}

/** The same of a leaf by its value. */
export function cellOfLeaf(leaf: unknown, json: string = JSON.stringify(leaf)): string {
  return typeof leaf === "string" && looksLikeToken(leaf) ? leaf : json
}

/** The JSON that a leaf is stored as, by its cell: JSON does not begin as tokens do. */
export function leafJson(cell: string): string {
  return mayBeToken(cell) ? `"${cell}"` : cell
}

/** Returns readers of leaves, by those of what strings were encrypted to: the text they read is the string. */
export function leafReaders(legacy: LegacyDeclaration | undefined): readonly LegacyReader[] {
  return declaredReaders(legacy).map((reader) => ({
    ...(reader.authenticated !== undefined && { authenticated: reader.authenticated }),
    is: (cell) => {
      const text = stringIn(cell)
      return text !== undefined && (reader.is?.(text) ?? true)
    },
    decode: (cell, keyring) => {
      const plaintext: unknown = reader.decode(stringIn(cell) ?? "", keyring)
      return JSON.stringify(isUint8Array(plaintext) ? utf8.decode(plaintext) : plaintext)
    },
    ...(reader.encode && {
      encode: (plaintext, keyring) => {
        const text = typeof plaintext === "string" ? stringIn(plaintext) : undefined
        if (text === undefined) throw new TypeError("No legacy form of other leaves than strings.")
        return JSON.stringify(reader.encode?.(text, keyring))
      },
    }),
  }))
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** The string that a cell stands for; `undefined` if it stands for another value. */
function stringIn(cell: string): string | undefined {
  if (mayBeToken(cell)) return cell
  return cell.startsWith('"') ? (JSON.parse(cell) as string) : undefined
}
