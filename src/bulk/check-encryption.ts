import type { DataSource } from "typeorm"

import type { BoundKeys } from "../binding/keys/bound-keys"
import { companionsOf } from "../binding/indexes/companion"
import { missingRowQuery, unindexedTokens } from "../binding/indexes/index-completeness"
import { indexKeysOf, keysOf } from "../binding/keys/keys"
import { stringPolicyOf } from "../binding/queries/unanswered-strings"
import type { PlaintextPhase } from "../column/phase"
import type { Batch, Cell } from "../dialect/batch"
import type { Session } from "../dialect/session"
import { ColumnMisuseError, EncryptionError } from "../errors"
import type { ColumnKeyMode } from "../fernet/column-key"
import { mayBeToken } from "../fernet/token-format"
import type { OptionNames } from "../unknown-options"
import { type BulkColumn, type EntityColumns, nameTable } from "./bulk-target"
import { type ClassifiedCell, opens } from "./cell-state"
import { openWorker } from "./connection/worker"
import { findConstraints } from "./definition"
import { driftOf } from "./drift"
import { entityColumns, tablesOf } from "./encrypted-tables"
import { fetchKeys, type RunKeys } from "./keys"
import { checkOptions, requireKnown } from "./options"
import { leafCellsOf, plaintextOf } from "./leaf-cells"
import { joinCounts } from "./joined-tenants"
import { foreignMark } from "./pass/foreign-marks"
import { type DescribedTable, describeTable } from "./preflight"
import type { StateCounts } from "./report"
import { type SeenByRun, type SeenWithKeys, seenWith } from "./seen-with-keys"

/** Options of `checkEncryption` and `assertEncryption`. */
export interface CheckOptions {
  /** Rows of each table to look at, at most. Defaults to 100. */
  readonly rows?: number
  /**
   * The tenants whose keys to look with, where each has its own. A cell that opens for one of them is in
   * order; the others are counted as unreadable, and noted. Defaults to the tenant at work.
   */
  readonly tenants?: readonly string[]
}

const optionNames: OptionNames<CheckOptions> = { rows: true, tenants: true }

/** Keys that a DataSource has at hand. */
export interface KeysCheck {
  /** Where they come from, as in `"ENCRYPTION_KEY_FILE"` or `"a function"`. */
  readonly origin: string
  /** In order; the first key encrypts. Not secrets. */
  readonly fingerprints: readonly string[]
  /** When they were fetched. */
  readonly fetchedAt: Date | undefined
}

/**
 * What the cells that were looked at prove of a column's keys: `opens`, one of them opens; `empty`, there
 * is no token among them, which proves nothing; `fails`, there are tokens and none opens.
 */
export type KeyProof = "empty" | "fails" | "opens"

/** What was found of an encrypted column. */
export interface ColumnCheck {
  /** Its name in the database. */
  readonly column: string
  /** Its type in the database. */
  readonly type: string
  readonly phase: PlaintextPhase
  /** How it has keys of its own, if it does. */
  readonly columnKey: ColumnKeyMode | undefined
  /** Whether a CHECK keeps plaintext out of it. */
  readonly constrained: boolean
  readonly proof: KeyProof
  /** The cells that were looked at. */
  readonly cells: StateCounts
  /** Those in plaintext that look as if something else had encrypted them. */
  readonly foreign: number
}

/** What was found of a table. */
export interface TableCheck {
  readonly table: string
  /** Rows that were looked at: the first that the database came upon. */
  readonly rows: number
  /** By `Entity.property`. */
  readonly columns: Readonly<Record<string, ColumnCheck>>
  /** By `Entity.companion`: whether one of the index keys made the index values that were looked at. */
  readonly indexes: Readonly<Record<string, KeyProof>>
}

/** What `checkEncryption` found. Holds no key, plaintext or token. */
export interface EncryptionCheck {
  /** Whether there are no problems. */
  readonly ok: boolean
  /** What is wrong, and what to do about it. */
  readonly problems: readonly string[]
  /** What works and is not finished, as plaintext that is still read. */
  readonly notes: readonly string[]
  readonly keys: KeysCheck
  readonly blindIndexKeys: KeysCheck
  readonly tables: readonly TableCheck[]
}

/**
 * Looks at the keys of a DataSource, at its encrypted columns as they are in the database, and at some
 * rows of each table, to say whether stored values open before anybody asks for one: the wrong key of
 * an environment, a column that is too narrow, a constraint that is missing. It writes nothing, and looks
 * at a bounded number of rows. Of tenants with keys of their own it sees those it is told, else the one that
 * it is done for.
 *
 * @throws {@link EncryptionError} `ERR_COLUMN_UNBOUND` if the DataSource is not bound, or not initialized
 * @throws {@link KeyError} if there are no keys, or those of a tenant cannot be had
 * @throws TypeError or RangeError if an option is unknown or out of range, or tenants are told where they
 * have no keys of their own
 */
export async function checkEncryption(
  dataSource: DataSource,
  options: CheckOptions = {},
): Promise<EncryptionCheck> {
  requireKnown("checkEncryption()", options, optionNames)
  const { rows = 100 } = options
  if (!Number.isSafeInteger(rows) || rows < 1) {
    throw new RangeError("rows must be a whole number, 1 or more.")
  }
  const [keys, indexKeys] = [keysOf(dataSource), indexKeysOf(dataSource)]
  if (!keys || !indexKeys || !dataSource.isInitialized) {
    throw new EncryptionError(
      "ERR_COLUMN_UNBOUND",
      "Only a DataSource that is withEncryption() and initialized can be checked.",
    )
  }
  const runs = await keysOfTenants(dataSource, keys, options.tenants)
  const checker = new Checker(dataSource, runs, rows)
  const worker = await openWorker(dataSource, checkOptions({}).lockTimeoutMs)
  try {
    for (const { target } of tablesOf(entityColumns(dataSource))) {
      await worker.run((session) => checker.look(session, target))
    }
  } finally {
    await worker.close()
  }
  const { tables, problems } = checker
  const notes = [...(stringPolicyOf(dataSource) === "warn" ? [WARNED] : []), ...checker.notes]
  const seen = (ringOf: (run: RunKeys) => readonly string[]): readonly string[] => [
    ...new Set(runs.flatMap(ringOf)),
  ]
  return {
    ok: problems.length === 0,
    ...{ problems, notes },
    keys: keysCheck(
      keys,
      seen((run) => run.fingerprints),
    ),
    blindIndexKeys: keysCheck(
      indexKeys,
      seen((run) => run.indexRing.fingerprints),
    ),
    tables,
  }
}

type RunsKeys = readonly [RunKeys, ...RunKeys[]]

/** The keys to look with: of one tenant after the other, or those of the moment. */
async function keysOfTenants(
  dataSource: DataSource,
  { tenants }: BoundKeys,
  names: readonly string[] | undefined,
): Promise<RunsKeys> {
  const fetch = (): Promise<RunKeys> => fetchKeys(dataSource, checkOptions({}), true)
  if (names === undefined) return [await fetch()]
  const [first, ...others] = names
  if (!tenants) throw new TypeError("tenants were told, and the DataSource has no TenantKeys.")
  if (first === undefined) throw new TypeError("tenants must name one or more.")
  const runs: [RunKeys, ...RunKeys[]] = [await tenants.run(first, fetch)]
  for (const name of others) runs.push(await tenants.run(name, fetch))
  return runs
}

/**
 * Rejects unless {@link checkEncryption} finds no problem. Given to `withEncryption` as `startupCheck`, it
 * keeps an application with the wrong key from starting.
 *
 * @throws {@link EncryptionError} `ERR_CHECK_FAILED` naming every problem, and as `checkEncryption` does
 */
export async function assertEncryption(
  dataSource: DataSource,
  options: CheckOptions = {},
): Promise<void> {
  const { problems } = await checkEncryption(dataSource, options)
  if (problems.length === 0) return
  throw new EncryptionError(
    "ERR_CHECK_FAILED",
    `The check of the encrypted columns found:\n${problems.map((one) => `- ${one}`).join("\n")}`,
  )
}

function keysCheck({ origin, fetchedAt }: BoundKeys, fingerprints: readonly string[]): KeysCheck {
  return { origin, fingerprints, fetchedAt }
}

/** Looks at one table after another. */
class Checker {
  readonly tables: TableCheck[] = []
  readonly problems: string[] = []
  readonly notes: string[] = []
  readonly #dataSource: DataSource
  /** Of each tenant that is looked for, if each has its own. */
  readonly #keys: RunsKeys
  readonly #rows: number

  constructor(dataSource: DataSource, keys: RunsKeys, rows: number) {
    this.#dataSource = dataSource
    this.#keys = keys
    this.#rows = rows
  }

  async look(session: Session, target: EntityColumns): Promise<void> {
    const described = await this.#describe(session, target)
    if (!described) return
    this.problems.push(...(await driftOf(session, described)))
    const { label, found } = described
    if (found.hidesRows) this.notes.push(`${label}: row-level security hides rows from this role.`)
    const readable = withoutUnread(described)
    const batch = await session.dialect.read(session.connection, readable.table, {
      ...{ filter: "all", limit: this.#rows, anyOrder: true },
    })
    const constraints = await findConstraints(session, described)
    const proven = constraints.filter(({ state }) => state === "proven").map((one) => one.label)
    this.tables.push(this.#judge(readable, batch, proven))
    await this.#lookForUnindexed(session, target, readable)
  }

  /** Says which blind indexes miss tokens, as a search of them would. */
  async #lookForUnindexed(
    { connection }: Session,
    { entity }: EntityColumns,
    { indexes }: DescribedTable,
  ): Promise<void> {
    const metadata = this.#dataSource.getMetadata(entity)
    for (const companion of companionsOf(metadata)) {
      const { column, building, index } = companion
      const own = indexes.find(({ name }) => name === column.databaseName)
      if (!own) continue
      const { rows } = await connection.query(missingRowQuery(this.#dataSource, companion))
      if (rows.length === 0) continue
      const found = `${own.label}: ${unindexedTokens(index.name)} Run column:encrypt.`
      if (building === undefined) this.problems.push(found)
      else this.notes.push(found)
    }
  }

  async #describe(session: Session, target: EntityColumns): Promise<DescribedTable | undefined> {
    try {
      const named = nameTable(this.#dataSource, target)
      return await describeTable(session, named, { where: undefined, needsCompanions: false })
    } catch (error) {
      if (!(error instanceof ColumnMisuseError)) throw error
      this.problems.push(...error.problems)
      return undefined
    }
  }

  #judge(described: DescribedTable, batch: Batch, constrained: readonly string[]): TableCheck {
    const { label, columns, indexes, facts } = described
    const [first, ...others] = this.#keys
    const look = (keys: RunKeys): SeenWithKeys => seenWith(keys, described, batch)
    const seen: SeenByRun = [look(first), ...others.map(look)]
    const checks = columns.flatMap((column, i): readonly (readonly [string, ColumnCheck])[] => {
      const [counts, ...more] = seen.map(({ counted }) => counted[column.label])
      if (!counts) return []
      const states = seen.flatMap(({ decided }) => decided[i]?.states ?? [])
      const own = seen[0].decided[i]?.states ?? []
      const check: ColumnCheck = {
        column: column.name,
        type: facts[i]?.type ?? "",
        phase: column.phase ?? "reject",
        columnKey: column.columnKey?.mode,
        constrained: constrained.includes(column.label),
        proof: proofOf(states),
        cells: joinCounts([counts, ...more.filter((one) => one !== undefined)]),
        foreign: foreignIn(column, batch.cells[i] ?? [], own),
      }
      this.#tell(column.label, check)
      return [[column.label, check]]
    })
    const proofs = indexes.map(({ label: index }, i) => {
      const recognized = seen.flatMap((one) => one.recognized[i] ?? [])
      const proof = recognized.includes(true) ? "opens" : recognized.length > 0 ? "fails" : "empty"
      if (proof === "fails") this.problems.push(`${index}: ${NO_INDEX_KEY}`)
      return [index, proof] as const
    })
    return {
      table: label,
      rows: batch.size,
      columns: Object.fromEntries(checks),
      indexes: Object.fromEntries(proofs),
    }
  }

  /** With the keys of some tenants, those of the others open nothing. */
  #tell(label: string, { proof, cells, phase, foreign }: ColumnCheck): void {
    const { plaintext, legacy, shared, stale, unreadable } = cells
    const tenants = this.#keys.flatMap(({ tenant }) => tenant ?? [])
    if (tenants.length > 0 && unreadable > 0) {
      const whom = tenants.length === 1 ? "this tenant" : `these ${tenants.length} tenants`
      this.notes.push(`${label}: ${unreadable} cells do not open for ${whom}.`)
    } else if (proof === "fails") {
      this.problems.push(`${label}: ${NO_KEY}`)
    } else if (unreadable > 0) {
      this.problems.push(`${label}: ${unreadable} of the cells looked at cannot be read.`)
    }
    const old = Object.values(stale).reduce((sum, count) => sum + count, 0)
    if (phase === "reject" && plaintext > 0) {
      this.problems.push(`${label}: ${plaintext} cells are plaintext, which it does not read.`)
    } else if (plaintext > 0) {
      this.notes.push(`${label}: ${plaintext} cells are plaintext. Run column:encrypt.`)
    }
    if (foreign > 0) {
      this.notes.push(`${label}: ${foreign} cells look encrypted by something else.`)
    }
    if (legacy > 0) this.notes.push(`${label}: ${legacy} cells are in a legacy form.`)
    if (old > 0) this.notes.push(`${label}: ${old} tokens are under older keys. Run column:rotate.`)
    if (shared > 0) this.notes.push(`${label}: ${shared} tokens are under the shared keys.`)
    if (phase !== "reject") this.notes.push(`${label} still reads plaintext (${phase}).`)
  }
}

const WARNED =
  'strings: "warn" sends strings of query builders that nothing answers, with what they seek in plaintext. ' +
  "Mend those that the channel typeorm-fernet:string.unanswered tells of, and take the option out."
const NO_KEY =
  "none of its tokens that were looked at opens under these keys: is it the key of this environment?"
const NO_INDEX_KEY =
  "none of the index values that were looked at is what its row should have: are these the keys of " +
  "the blind indexes (BLIND_INDEX_KEY)?"

/** What is not text holds no tokens yet, which is among the drift. */
function withoutUnread(described: DescribedTable): DescribedTable {
  const { table, columns, indexes, facts } = described
  const isText = columns.map(({ paths }, i) => paths !== undefined || facts[i]?.isText === true)
  if (!isText.includes(false)) return described
  const read = columns.filter((_, i) => isText[i])
  const names = read.map(({ name }) => name)
  const left = indexes.filter(({ sources }) => sources.every((name) => names.includes(name)))
  return {
    ...described,
    columns: read,
    facts: facts.filter((_, i) => isText[i]),
    indexes: left,
    table: {
      ...table,
      columns: [...names, ...left.map(({ name }) => name)],
      companions: left,
    },
  }
}

function proofOf(states: readonly ClassifiedCell[]): KeyProof {
  if (states.some(opens)) return "opens"
  return states.some(({ state }) => state === "unreadable") ? "fails" : "empty"
}

function foreignIn(
  column: BulkColumn,
  cells: readonly Cell[],
  states: readonly ClassifiedCell[],
): number {
  if (!column.paths) return cells.filter((cell, row) => isForeign(cell, states[row])).length
  const { cells: leaves, rows } = leafCellsOf(column, cells)
  const foreign = leaves.flatMap((leaf, i) =>
    foreignMark(plaintextOf(column, leaf)) === undefined || mayBeToken(leaf) ? [] : (rows[i] ?? []),
  )
  return new Set(foreign).size
}

function isForeign(cell: Cell | undefined, state: ClassifiedCell | undefined): boolean {
  return state?.state === "plaintext" && typeof cell === "string" && foreignMark(cell) !== undefined
}
