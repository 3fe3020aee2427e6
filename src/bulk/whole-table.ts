import { ColumnMisuseError } from "../errors"
import type { CheckedOptions } from "./options"
import type { DescribedTable } from "./preflight"

/**
 * Refuses a table of which a run would not see every row, or could not write or undo a batch.
 *
 * @param writes - whether the run is to change anything
 * @throws {@link ColumnMisuseError} naming what hides rows, and how to go on
 */
export function requireWholeTable(
  { label, table, found }: DescribedTable,
  { where = "", force }: Pick<CheckedOptions, "force" | "where">,
  writes: boolean,
): void {
  const problems: string[] = []
  if (writes && !found.takesWrites) {
    problems.push(
      `${label} is read-only here, as everything is on a hot standby and where ` +
        "default_transaction_read_only is on. Connect to the primary, as a role that may write.",
    )
  }
  if (found.hidesRows) {
    problems.push(
      `${label} has row-level security, which hides rows from this role: they would be neither ` +
        "changed nor counted. Connect as a role with BYPASSRLS, or as the owner of the table.",
    )
  }
  // Whoever asks for the tables that rows are in has seen this
  if (found.heirs.length > 0 && !/\btableoid\b/i.test(where)) {
    problems.push(
      `${label} has tables that inherit from it, among which its keys may repeat: rows would be passed ` +
        `over. Work on ${found.heirs.join(", ")} by name, and on its own rows with ` +
        `\`where: "t.tableoid = '${table.path}'::regclass"\`.`,
    )
  }
  const engine = found.engineWithoutTransactions
  if (engine !== undefined && writes && !force) {
    problems.push(
      `${label} has the engine ${engine}, which has no transactions: what a trigger alters could not ` +
        "be undone. Convert it to InnoDB, or pass `force`.",
    )
  }
  if (problems.length > 0) throw new ColumnMisuseError(problems)
}
