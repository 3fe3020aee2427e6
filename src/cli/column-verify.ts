import { type Command, InvalidArgumentError } from "commander"

import { verifyColumns } from "../bulk/bulk"
import type { Sample } from "../bulk/part"
import { addReadOptions, type ColumnCommandOptions } from "./column-options"
import { isFinished } from "./column-status"
import { renderStates } from "./render-report"
import { runColumnCommand } from "./run-column-command"

interface VerifyCommandOptions extends ColumnCommandOptions {
  readonly sample?: Sample
}

/** Adds `column:verify` to a program: the proof that every cell is a token that opens. */
export function registerColumnVerify(program: Command): void {
  addReadOptions(program.command("column:verify"))
    .description("open every token; exit with 1 and list primary keys if something is wrong")
    .option("--sample <rows|percent>", "only about so many rows, as in 10000 or 1%", parseSample)
    .option("--check", "exit with 1 also if a token is under an older key")
    .action((options: VerifyCommandOptions) =>
      runColumnCommand(
        {
          name: "column:verify",
          doing: "verifying",
          run: verifyColumns,
          prepare: ({ sample }) => Promise.resolve(sample ? { sample } : {}),
          fails: (report, { check }) =>
            report.failed > 0 ||
            report.drift.length > 0 ||
            ((check ?? false) && !isFinished(report)),
          render: renderStates,
        },
        options,
      ),
    )
}

function parseSample(text: string): Sample {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? []
  const amount = Number(digits)
  if (percent === "%" && amount > 0 && amount <= 100) return { fraction: amount / 100 }
  if (percent === "" && Number.isSafeInteger(amount) && amount > 0) return { rows: amount }
  throw new InvalidArgumentError("It must be a number of rows, or a percentage as in 1%.")
}
