import { type Command, Option } from "commander"

import { inspectColumns } from "../bulk/bulk"
import type { BulkReport } from "../bulk/report"
import { addReadOptions, type ColumnCommandOptions } from "./column-options"
import { evidenceOf, renderEvidence } from "./evidence"
import { opensNothing, renderStates } from "./render-report"
import { runColumnCommand } from "./run-column-command"

interface StatusOptions extends ColumnCommandOptions {
  readonly report?: "json" | "markdown"
}

/** Adds `column:status` to a program: how many cells are in which state. */
export function registerColumnStatus(program: Command): void {
  addReadOptions(program.command("column:status"))
    .description("count the cells of encrypted columns by their state and key")
    .option(
      "--check",
      "exit with 1 if a cell is plaintext, legacy, stale or unreadable, or a blind index is incomplete",
    )
    .addOption(
      new Option("--report <format>", "print evidence for an auditor").choices([
        "markdown",
        "json",
      ]),
    )
    .action((options: StatusOptions) =>
      runColumnCommand<StatusOptions>(
        {
          name: "column:status",
          doing: "inspecting",
          takesTenants: true,
          run: inspectColumns,
          fails: (report, { check }) =>
            report.drift.length > 0 ||
            opensNothing(report) ||
            Object.values(report.columns).some(({ after }) => after.shared > 0) ||
            ((check ?? false) && !isFinished(report)),
          render: (reports, keys, tables) => {
            if (options.report === undefined) return renderStates(reports, keys)
            const evidence = evidenceOf(reports, tables, keys)
            return options.report === "json"
              ? `${JSON.stringify(evidence)}\n`
              : renderEvidence(evidence)
          },
        },
        options,
      ),
    )
}

/** Whether nothing is left to encrypt, rotate or repair. */
export function isFinished({ columns, indexes }: BulkReport): boolean {
  const isEncrypted = Object.values(columns).every(
    ({ after: { plaintext, legacy, stale, shared, unreadable } }) =>
      plaintext + legacy + shared + unreadable === 0 && Object.keys(stale).length === 0,
  )
  const isIndexed = Object.values(indexes).every(
    ({ missing, stale }) => missing === 0 && stale === 0,
  )
  return isEncrypted && isIndexed
}
