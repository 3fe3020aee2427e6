import { type Command } from "commander"

import { decryptColumns, encryptColumns, indexColumns, rotateColumns } from "../bulk/bulk"
import type { BulkReport, StateCounts } from "../bulk/report"
import { addChangeOptions, type ChangeCommandOptions } from "./column-options"
import { requireConsent } from "./consent"
import { UsageError } from "./exit-code"
import { collectTypes, typesToRestore, type TypeToRestore } from "./restore-types"
import { renderChanges } from "./render-report"
import { runColumnCommand } from "./run-column-command"

interface EncryptCommandOptions extends ChangeCommandOptions {
  readonly alter?: boolean
  readonly constrain?: boolean
  readonly asPlaintext?: readonly (readonly string[])[]
  readonly wrapForeign?: boolean
  readonly trustLegacy?: boolean
}

interface DecryptCommandOptions extends ChangeCommandOptions {
  readonly yes?: boolean
  readonly restoreType?: readonly TypeToRestore[]
}

/** Adds `column:encrypt` to a program. */
export function registerColumnEncrypt(program: Command): void {
  addChangeOptions(program.command("column:encrypt"))
    .description("encrypt the plaintext in encrypted columns, while the application runs")
    .option(
      "--alter",
      "give columns the types that the model declares first; --dryrun lists the statements",
    )
    .option("--constrain", "add CHECK constraints that keep plaintext out afterwards")
    .option(
      "--as-plaintext <key...>",
      "encrypt cells that only look like tokens, of rows with these primary keys, as in 17 or '1,b'",
      collectKeys,
    )
    .option("--wrap-foreign", "encrypt also what something else seems to have encrypted, as it is")
    .option("--trust-legacy", "take over cells by a legacy reader that does not authenticate them")
    .action((options: EncryptCommandOptions) =>
      runColumnCommand(
        {
          name: "column:encrypt",
          doing: "encrypting",
          run: encryptColumns,
          prepare: ({ alter = false, constrain = false, shard, where, ...options }) => {
            if (constrain && (shard ?? where) !== undefined) {
              throw new UsageError("--constrain is for a whole table, without --shard and --where.")
            }
            const { wrapForeign = false, trustLegacy = false, asPlaintext = [] } = options
            const legacy = { wrapForeign, trustLegacy, asPlaintext }
            return Promise.resolve({ alter, constrain, ...legacy })
          },
          fails: (report, options) =>
            report.drift.length > 0 || failsIfLeft(unencryptedCount)(report, options),
          render: (reports, keys) => renderChanges(reports, keys, "encrypted", unencryptedCount),
        },
        options,
      ),
    )
}

/** Adds `column:index` to a program: blind indexes of what is still in plaintext. */
export function registerColumnIndex(program: Command): void {
  addChangeOptions(program.command("column:index"))
    .description("fill the companion columns of blind indexes, of plaintext and tokens alike")
    .action((options: ChangeCommandOptions) =>
      runColumnCommand(
        {
          name: "column:index",
          doing: "indexing",
          run: indexColumns,
          fails: (report, given) =>
            failsIfLeft(() => 0)(report, given) ||
            Object.values(report.indexes).some(({ missing }) => !report.dryRun && missing > 0),
          render: (reports, keys) => renderChanges(reports, keys, "indexed", () => 0),
        },
        options,
      ),
    )
}

/** Takes keys as a report prints them: the parts of a compound one joined by commas. */
function collectKeys(
  text: string,
  keys: readonly (readonly string[])[] = [],
): readonly (readonly string[])[] {
  return [...keys, text.replace(/^\((.*)\)$/s, "$1").split(/,\s*/)]
}

/** Adds `column:rotate` to a program. */
export function registerColumnRotate(program: Command): void {
  addChangeOptions(program.command("column:rotate"))
    .description("move tokens under older or shared keys to the first key of their column")
    .action((options: ChangeCommandOptions) =>
      runColumnCommand(
        {
          name: "column:rotate",
          doing: "rotating",
          run: rotateColumns,
          fails: failsIfLeft(staleCount),
          render: (reports, keys) => renderChanges(reports, keys, "rotated", staleCount),
        },
        options,
      ),
    )
}

/** Adds `column:decrypt` to a program: the way out, which asks first. */
export function registerColumnDecrypt(program: Command): void {
  addChangeOptions(program.command("column:decrypt"))
    .description("turn tokens back into plaintext: the way out")
    .option("--yes", "do not ask")
    .option(
      "--restore-type <Entity.property=type...>",
      "types to give columns when they are plaintext again, as in 'Patient.ssn=varchar(20)'",
      collectTypes,
    )
    .action((options: DecryptCommandOptions) =>
      runColumnCommand(
        {
          name: "column:decrypt",
          doing: "decrypting",
          run: decryptColumns,
          prepare: async (given, dataSource, table) => {
            const restoreTypes = typesToRestore(given, dataSource, table)
            if (!given.yes && !given.dryrun && !given.check) await requireConsent(table)
            return restoreTypes ? { restoreTypes } : {}
          },
          fails: failsIfLeft(tokenCount),
          render: (reports, keys) => renderChanges(reports, keys, "decrypted", tokenCount),
        },
        options,
      ),
    )
}

/** A run fails by its failures, and if an audit found that something is left; a check if there is work. */
function failsIfLeft(
  left: (counts: StateCounts) => number,
): (report: BulkReport, options: ChangeCommandOptions) => boolean {
  return ({ failed, changed, dryRun, columns, planned = [] }, { check }) => {
    if (failed > 0) return true
    if (dryRun) return (check ?? false) && (changed > 0 || planned.length > 0)
    return Object.values(columns).some(({ after }) => left(after) > 0)
  }
}

function unencryptedCount({ plaintext, legacy }: StateCounts): number {
  return plaintext + legacy
}

function tokenCount(counts: StateCounts): number {
  return counts.current + staleCount(counts)
}

/** Tokens that are to be under another key. */
function staleCount({ stale, shared }: StateCounts): number {
  return Object.values(stale).reduce((sum, count) => sum + count, shared)
}
