import { ColumnMisuseError } from "../errors"
import type { BulkTarget } from "./bulk-target"
import type { BulkSource } from "./connection/pool"
import {
  constrainColumns,
  planConstraints,
  planRestore,
  releaseColumns,
  restoreTypes as giveTypes,
} from "./definition"
import {
  type BulkOptions,
  bulkOptionNames,
  type DecryptOptions,
  decryptOptionNames,
  type EncryptOptions,
  encryptOptionNames,
  requireKnown,
  type VerifyOptions,
  verifyOptionNames,
} from "./options"
import { decrypting, encrypting, inspecting, rotating, verifying } from "./pass/cells"
import { Fitting } from "./pass/fitting"
import { Inspection } from "./pass/inspection"
import { requireEncryptingPhase, requireIndexingPhase, requireOwnCells } from "./preflight"
import { type BulkReport, primaryKeyText } from "./report"
import type { RestoredTypes } from "./restored-columns"
import { runBulk } from "./run"

/**
 * Encrypts the plaintext in encrypted columns in place, while the application goes on: batch by
 * batch, each row guarded by what was read, so that a concurrent write always wins. What is left to
 * do is read from the cells: a run may be stopped, killed and repeated, and does nothing twice.
 * Tokens are left as they are. Triggers, versions, update dates and subscribers see nothing.
 *
 * @param source - an initialized DataSource, or the query runner of a migration
 * @throws TypeError if an option is unknown, or an option does not go with another
 * @throws {@link ColumnMisuseError} before anything is written, if a column cannot hold tokens
 * @throws {@link KeyError} before anything is written, if there are no keys or the wrong ones
 * @throws {@link EncryptionError} `ERR_ALREADY_RUNNING` if another run has the table;
 * `ERR_BULK_INCOMPLETE` if, in a migration, cells could not be dealt with
 */
export async function encryptColumns(
  source: BulkSource,
  target: BulkTarget,
  options: EncryptOptions = {},
): Promise<BulkReport> {
  requireKnown("encryptColumns()", options, encryptOptionNames)
  const { alter = false, constrain = false, shard, where } = options
  const { wrapForeign = false, trustLegacy = false, asPlaintext = [], force = false } = options
  if (constrain && (shard ?? where) !== undefined) {
    throw new TypeError("A constraint is for the whole table: constrain without shard and where.")
  }
  return runBulk(source, target, options, {
    // What looks like a token is read only by those who read everything
    filter: asPlaintext.length > 0 ? "all" : "has-plaintext",
    cells: encrypting({ wrapForeign, asPlaintext: new Set(asPlaintext.map(primaryKeyText)) }),
    demand: "written",
    types: { grows: true, alter },
    preflight: async (session, table, decider) => {
      if (!force) requireEncryptingPhase(table)
      await requireOwnCells(session, table, decider, { wrapForeign, trustLegacy })
    },
    ...(constrain && { after: constrainColumns, planAfter: planConstraints }),
  })
}

/**
 * Fills the companion columns of blind indexes where they are NULL, of plaintext and tokens alike, as
 * {@link encryptColumns} works, and leaves the cells they are made of. In a rolling deployment it
 * comes when every release sets them, that is under `plaintext: "index"`, and before any writes
 * tokens: rows that share a value under a unique index are listed as failures.
 *
 * @throws as {@link encryptColumns} does
 */
export async function indexColumns(
  source: BulkSource,
  target: BulkTarget,
  options: BulkOptions = {},
): Promise<BulkReport> {
  requireKnown("indexColumns()", options, bulkOptionNames)
  return runBulk(source, target, options, {
    filter: "unindexed",
    cells: inspecting,
    demand: "written",
    types: { grows: false, alter: false },
    preflight: (_, table) => {
      if (!options.force) requireIndexingPhase(table)
      return Promise.resolve()
    },
  })
}

/**
 * Moves every token under an older key of the keyring to its first key, with its timestamp, as
 * {@link encryptColumns} works. Afterwards, if nothing is stale, the older keys can be removed.
 *
 * @throws as {@link encryptColumns} does
 */
export async function rotateColumns(
  source: BulkSource,
  target: BulkTarget,
  options: BulkOptions = {},
): Promise<BulkReport> {
  requireKnown("rotateColumns()", options, bulkOptionNames)
  return runBulk(source, target, options, {
    filter: "has-tokens",
    cells: rotating,
    demand: "written",
    types: { grows: false, alter: false },
  })
}

/**
 * Turns every token back into its plaintext, as {@link encryptColumns} works: the way out. The
 * constraints that `constrain` added are dropped first.
 *
 * @throws as {@link encryptColumns} does
 */
export async function decryptColumns(
  source: BulkSource,
  target: BulkTarget,
  options: DecryptOptions = {},
): Promise<BulkReport> {
  requireKnown("decryptColumns()", options, decryptOptionNames)
  const { restoreTypes, shard, where } = options
  if (restoreTypes && (shard ?? where) !== undefined) {
    throw new TypeError("A type is for the whole table: give restoreTypes without shard and where.")
  }
  if (restoreTypes) await requireFitting(source, target, options, restoreTypes)
  return runBulk(source, target, options, {
    filter: "has-tokens",
    cells: decrypting,
    demand: "cleared",
    types: { grows: false, alter: false, restored: restoreTypes },
    before: releaseColumns,
    ...(restoreTypes && {
      after: (session, table, inTransaction) =>
        giveTypes(session, inTransaction, table, restoreTypes),
      planAfter: (session, table, inTransaction) =>
        planRestore(session, inTransaction, table, restoreTypes),
    }),
  })
}

/** Nothing is decrypted whose plaintext would not fit into the type that its column is to have. */
async function requireFitting(
  source: BulkSource,
  target: BulkTarget,
  options: DecryptOptions,
  types: RestoredTypes,
): Promise<void> {
  // Progress is that of the run itself
  const quiet = { ...options, audit: true, onProgress: () => undefined }
  const fitting = new Fitting(types)
  const { table, failed, failures } = await runBulk(source, target, quiet, {
    filter: undefined,
    cells: fitting.job,
    demand: "kept",
    types: { grows: false, alter: false, restored: types },
    afterBatch: (session, inTransaction) => fitting.ask(session, inTransaction),
  })
  const problems = fitting.problems.map((one) => `${one} Nothing was decrypted.`)
  const [first] = failures
  if (!first && problems.length === 0) return
  if (!first) throw new ColumnMisuseError(problems)
  throw new ColumnMisuseError([
    ...problems,
    `${table}: ${failed} cells cannot go back into their types, so nothing was decrypted. The first, ` +
      `in row ${first.key.join(", ")}: ${first.problem}`,
  ])
}

/**
 * Opens every token, counts the states of all cells, says how old the oldest token under each key is, and
 * writes nothing. Cells that cannot be
 * read are listed by their primary keys.
 *
 * @throws TypeError if an option is unknown
 * @throws {@link KeyError} if there are no keys
 */
export async function inspectColumns(
  source: BulkSource,
  target: BulkTarget,
  options: BulkOptions = {},
): Promise<BulkReport> {
  requireKnown("inspectColumns()", options, bulkOptionNames)
  const inspection = new Inspection()
  const report = await runBulk(source, target, options, {
    filter: undefined,
    cells: inspection.job,
    demand: "kept",
    types: { grows: false, alter: false },
  })
  return { ...report, oldest: inspection.oldest }
}

/**
 * Opens every token, decodes its plaintext, and writes nothing. Every cell that is neither NULL nor
 * a token that opens to a value of its column is a failure, listed by the primary key of its row.
 *
 * @throws TypeError if an option is unknown
 * @throws {@link KeyError} if there are no keys
 */
export async function verifyColumns(
  source: BulkSource,
  target: BulkTarget,
  options: VerifyOptions = {},
): Promise<BulkReport> {
  requireKnown("verifyColumns()", options, verifyOptionNames)
  return runBulk(source, target, options, {
    filter: undefined,
    cells: verifying,
    demand: "proven",
    sample: options.sample,
    types: { grows: false, alter: false },
  })
}
