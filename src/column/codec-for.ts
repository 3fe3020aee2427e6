import { isDate, isUint8Array } from "node:util/types"

import { builtInCodecs } from "./built-in-codecs"
import type { Codec, TextCodec } from "./codec"

/** Returns the codec that writes a value as it is, for one that is of no column. */
export function codecFor(value: unknown): Codec | TextCodec {
  if (isUint8Array(value)) return builtInCodecs.bytes
  if (isDate(value)) return builtInCodecs.date
  switch (typeof value) {
    case "string":
    case "number":
    case "bigint":
    case "boolean":
      return builtInCodecs[typeof value as "bigint" | "boolean" | "number" | "string"]
    default:
      return builtInCodecs.json
  }
}
