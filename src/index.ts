export { decryptRaw, encryptFor } from "./binding/columns/raw"
export { searchFor } from "./binding/indexes/search-for"
export type { DatedKeys, GivenKeys, KeyringLike, KeySource } from "./binding/keys/key-function"
export type {
  KeyRefreshOptions,
  KeysReloadEvent,
  KeysReloadTrace,
} from "./binding/keys/key-refresh"
export { reloadKeys, type ReloadOptions } from "./binding/keys/reload-keys"
export { type TenantKeyOptions, TenantKeys, type TenantKeySet } from "./binding/keys/tenant-keys"
export type { StartupCheck } from "./binding/startup/startup-check"
export { type EncryptionOptions, withEncryption } from "./binding/with-encryption"
export type { UnreadableHandler } from "./binding/columns/unreadable-handler"
export type {
  BlindIndexDeclaration,
  BlindIndexOptions,
  Normalizer,
  UniqueScope,
} from "./column/blind-index"
export type { BuiltInCodec } from "./column/built-in-codecs"
export type { Codec } from "./column/codec"
export type { ColumnKeyDeclaration, ColumnKeyOptions } from "./column/column-key"
export type { LegacyDeclaration, LegacyKeyring, LegacyReader } from "./column/legacy/legacy-reader"
export {
  readTypeormEncrypted,
  type TypeormEncryptedOptions,
} from "./column/legacy/typeorm-encrypted"
export {
  readPrefixedTokens,
  readQuotedTokens,
  type WrappedTokenOptions,
} from "./column/legacy/wrapped-tokens"
export type { PlaintextPhase } from "./column/phase"
export { currentActor, runWithActor } from "./binding/events/actor"
export { type EventHandlers, onEvents } from "./binding/events/on-events"
export type {
  CellCount,
  DecryptEvent,
  DecryptFailedEvent,
  EncryptEvent,
  EventAttributes,
  EventKey,
  FailureCount,
  PlaintextCount,
  PlaintextReadEvent,
  RevealEvent,
  SearchCount,
  SearchEvent,
  StatementEvent,
} from "./binding/events/events"
export type { BeforeReveal, RevealRequest } from "./binding/columns/reveals"
export { Sealed } from "./column/sealed"
export type { SealedCacheOptions } from "./column/sealed-cache"
export type { StringPolicy, UnansweredStringEvent } from "./binding/queries/unanswered-strings"
export {
  EncryptedColumn,
  encryptedColumn,
  type DocumentColumnType,
  type EncryptedColumnOptions,
  type TokenColumnOptions,
  type TokenColumnType,
} from "./column/encrypted-column"
export type { JsonPath } from "./column/documents/json-path"
export {
  ColumnMisuseError,
  DecryptionError,
  type DecryptionFailureReason,
  EncryptionError,
  type EncryptionErrorCode,
  InvalidTokenError,
  KeyError,
  UnsupportedQueryError,
} from "./errors"
export { StatementError } from "./dialect/statement-error"
export { Fernet } from "./fernet/fernet"
export type { ColumnKeyMode } from "./fernet/column-key"
export { generateKey } from "./fernet/key"
export { Keyring } from "./fernet/keyring"
export { isToken } from "./fernet/token-format"
export { BlindEqual, BlindIn, type BlindSearchOptions } from "./search/blind-equal"
export { encryptedProperties, type EncryptedProperty } from "./masking/encrypted-properties"
export { mask, type Masked, type MaskOptions } from "./masking/mask"
export { redact, type RedactOptions, redactReplacer, type Replacer } from "./masking/redact"
export { redactPaths, type RedactPathsOptions } from "./masking/redact-paths"
export {
  decryptColumns,
  encryptColumns,
  indexColumns,
  inspectColumns,
  rotateColumns,
  verifyColumns,
} from "./bulk/bulk"
export {
  assertEncryption,
  checkEncryption,
  type CheckOptions,
  type ColumnCheck,
  type EncryptionCheck,
  type KeyProof,
  type KeysCheck,
  type TableCheck,
} from "./bulk/check-encryption"
export { describeCheck } from "./bulk/describe-check"
export type {
  BulkTarget,
  ColumnDescription,
  EntityColumns,
  TableDescription,
} from "./bulk/bulk-target"
export type {
  BulkOptions,
  BulkProgress,
  DecryptOptions,
  EncryptOptions,
  VerifyOptions,
} from "./bulk/options"
export type {
  BulkReport,
  CellFailure,
  IndexCounts,
  PlannedStatement,
  StateCounts,
} from "./bulk/report"
export type { Sample } from "./bulk/part"
export type { FoundUse } from "./bulk/uses"
export type { ColumnUse, ColumnUseKind } from "./dialect/column-uses"
export type { BulkBatchTrace } from "./bulk/pass/batch-trace"
export type { IndexState } from "./bulk/cell-state"
export type { BulkSource } from "./bulk/connection/pool"
