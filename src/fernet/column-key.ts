/**
 * Which keys make and open the tokens of a column that has, or is to have, keys of its own. Each mode
 * can run beside the one before and the one after it.
 *
 * | mode | writes under | reads |
 * | --- | --- | --- |
 * | `"ready"` | the keys that all columns share | both |
 * | `"moving"` | the column's own keys | both |
 * | `"only"` | the column's own keys | its own only |
 */
export type ColumnKeyMode = "moving" | "only" | "ready"

/** Names the purpose of the derived keys, and the version of how they are derived. */
const PURPOSE = "typeorm-fernet/column/v1/"

/** What the key derivation takes at most. */
const MAX_INFO_BYTES = 1024

const LENGTH_BYTES = 4

/**
 * Returns what the keys of a column are derived for: the purpose, then each part of the context in
 * UTF-8 with its length before it, 32 bits in big-endian order, so that no two contexts are the same.
 */
export function columnKeyInfo(context: readonly string[]): Buffer {
  const parts = context.flatMap((part) => {
    const bytes = Buffer.from(part)
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt32BE(bytes.length)
    return [length, bytes]
  })
  return Buffer.concat([Buffer.from(PURPOSE), ...parts])
}

/** Whether keys can be derived for a context. */
export function isDerivable(context: readonly string[]): boolean {
  return columnKeyInfo(context).length <= MAX_INFO_BYTES
}
