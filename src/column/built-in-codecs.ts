import type { Codec, TextCodec } from "./codec"
import { bytesCodec, jsonCodec } from "./document-codecs"
import { bigintCodec, booleanCodec, dateCodec, numberCodec, stringCodec } from "./scalar-codecs"

/**
 * The codecs that can be named in `@EncryptedColumn({ codec })`, and the plaintext each writes:
 *
 * | codec | property | plaintext inside the token |
 * | --- | --- | --- |
 * | `"string"` | `string` | the text in UTF-8 |
 * | `"number"` | `number`, finite | decimal, as in JSON |
 * | `"bigint"` | `bigint` | decimal |
 * | `"boolean"` | `boolean` | `true` or `false` |
 * | `"date"` | `Date` | ISO 8601 in UTC with milliseconds |
 * | `"json"` | anything JSON holds | JSON |
 * | `"bytes"` | `Uint8Array` | the bytes |
 */
export type BuiltInCodec = "bigint" | "boolean" | "bytes" | "date" | "json" | "number" | "string"

/** Every built-in codec by its name. */
export const builtInCodecs: Readonly<Record<BuiltInCodec, Codec | TextCodec>> = {
  bigint: bigintCodec,
  boolean: booleanCodec,
  bytes: bytesCodec,
  date: dateCodec,
  json: jsonCodec,
  number: numberCodec,
  string: stringCodec,
}
