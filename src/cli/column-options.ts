import { type Command, InvalidArgumentError } from "commander"

/** Options of every command on columns, as the user gave them. */
export interface ColumnCommandOptions {
  readonly dataSource: string
  readonly entity?: readonly string[]
  readonly column?: readonly string[]
  readonly where?: string
  readonly tenant?: readonly string[]
  readonly batch?: number
  readonly concurrency?: number
  readonly pause?: number
  readonly shard?: { readonly index: number; readonly count: number }
  readonly check?: boolean
  readonly json?: boolean
}

/** Options of the commands that change cells. */
export interface ChangeCommandOptions extends ColumnCommandOptions {
  readonly dryrun?: boolean
  readonly lockTimeout?: number
  readonly force?: boolean
  readonly vacuum?: boolean
  readonly audit: boolean
}

/** Adds the options that say where the encrypted columns are. */
export function addSourceOptions(command: Command): Command {
  return command
    .requiredOption("-d, --dataSource <path>", "file that exports the DataSource")
    .option("--entity <name...>", "entities or tables (default: all with encrypted columns)")
    .option("--column <Entity.property...>", "encrypted properties (default: all)")
    .option("--verbose", "show where an error comes from")
}

/** Adds the options of every command that reads the columns. */
export function addReadOptions(command: Command): Command {
  return addSourceOptions(command)
    .option("--where <sql>", "restrict to rows by a raw condition; the table is called t")
    .option(
      "--tenant <name...>",
      "the tenant whose keys to take, where each has its own; of column:status, one or more",
    )
    .option("--batch <rows>", "rows in a batch (default: 5000)", wholeFrom(1))
    .option("--concurrency <connections>", "connections to work on (default: 3)", wholeFrom(1))
    .option("--pause <ms>", "milliseconds to rest after each batch (default: 0)", wholeFrom(0))
    .option("--shard <i/n>", "one of n parts of the table, i from 0 to n-1", parseShard)
    .option("--json", "print one JSON object on stdout, and events as JSON lines on stderr")
}

/** Adds the options of every command that changes cells. */
export function addChangeOptions(command: Command): Command {
  return addReadOptions(command)
    .option("--dryrun", "write nothing, and report what would be done")
    .option("--check", "write nothing, and exit with 1 if there is something to do")
    .option("--lock-timeout <ms>", "milliseconds to wait for a lock (default: 200)", wholeFrom(1))
    .option(
      "--force",
      "go on although another run has the table, or no token or index value is of these keys",
    )
    .option("--vacuum", "vacuum the table on the way, which then grows less; PostgreSQL only")
    .option("--no-audit", "do not read every cell once more at the end")
}

/** Returns a parser of whole numbers. */
export function wholeFrom(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number
    throw new InvalidArgumentError(`It must be a whole number, ${least} or more.`)
  }
}

function parseShard(text: string): { readonly index: number; readonly count: number } {
  const [, index, count] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number)
  if (index !== undefined && count !== undefined && index < count) return { index, count }
  throw new InvalidArgumentError("It must be i/n, with i from 0 to n-1, as in 0/8.")
}
