import type { BlindIndexOptions } from "../../src/column/blind-index"
import type { Keyring } from "../../src/fernet/keyring"
import { defineIndex } from "../../src/search/blind-index-definition"
import { BlindIndexer } from "../../src/search/blind-indexer"

/** Makes the digests of an index as it is declared, with what is left open filled in. */
export function indexerOf(options: BlindIndexOptions, keyring: Keyring): BlindIndexer {
  const place = { schema: undefined, table: "users", columns: ["email"] }
  return new BlindIndexer(defineIndex(options, place), keyring)
}
