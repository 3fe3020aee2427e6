import { inspect, isDeepStrictEqual } from "node:util"
import type { EntityManager, QueryRunner } from "typeorm"

import { type Case, isOrdered, type Operation, reads, runOperation } from "../cases/case"
import { respelt } from "../cases/respelt"
import { MARKER } from "../model/description"
import { isToken } from "../stored/cell"
import { differenceOf, type Outcome, outcomeOf } from "./outcome"
import type { Pair, Side } from "./pair"

/** What became of a case's operations that were equal on both models. */
export interface Verdict {
  readonly answered: number
  readonly refused: number
  readonly threw: number
}

/**
 * Does a case on both models, and leaves both as they were.
 *
 * @throws if their results or tables differ, if something was sent before a refusal, or if a
 * plaintext left the process
 */
export async function checkCase(pair: Pair, { operations, transaction }: Case): Promise<Verdict> {
  const isolated = transaction !== "none"
  const plain = await begin(pair.plain, isolated)
  const encrypted = await begin(pair.encrypted, isolated)
  const count = { answered: 0, refused: 0, threw: 0 }
  let wrote = false
  try {
    for (const operation of operations) {
      const before: boolean = wrote
      wrote ||= !reads(operation)
      const outcome = await checkOperation(pair, operation, [plain.manager, encrypted.manager])
      count[outcome.kind]++
      if (outcome.kind === "refused" && statementsOf(pair.log).length === 0) wrote = before
      if (outcome.kind !== "answered") break
    }
    const commits = transaction === "commit" && count.refused + count.threw === 0
    await plain.end(commits)
    await encrypted.end(commits)
    if (wrote) await compareTables(pair)
  } finally {
    await plain.end(false)
    await encrypted.end(false)
    if (wrote) await pair.reset()
  }
  return count
}

interface Begun {
  readonly manager: EntityManager
  /** Ends the transaction, if there is one and it has not ended. */
  end(commits: boolean): Promise<void>
}

async function begin({ dataSource }: Side, isolated: boolean): Promise<Begun> {
  if (!isolated) return { manager: dataSource.manager, end: () => Promise.resolve() }
  const runner: QueryRunner = dataSource.createQueryRunner()
  await runner.startTransaction()
  return {
    manager: runner.manager,
    end: async (commits) => {
      if (runner.isReleased) return
      if (runner.isTransactionActive) {
        await (commits ? runner.commitTransaction() : runner.rollbackTransaction())
      }
      await runner.release()
    },
  }
}

async function checkOperation(
  pair: Pair,
  operation: Operation,
  [plainManager, encryptedManager]: readonly [EntityManager, EntityManager],
): Promise<Outcome> {
  const { log, plain, encrypted } = pair
  log.clear()
  const outcome = await outcomeOf(() => runOperation(encrypted, encryptedManager, operation))
  const sent = statementsOf(log)
  if (!pair.variant.legacy) assertNoPlaintext(sent, outcome)
  if (outcome.kind === "refused") {
    assertNotSent(operation, sent, outcome.error)
    return outcome
  }
  const expected = await outcomeOf(() => runOperation(plain, plainManager, operation))
  const difference = differenceOf(expected, outcome, isOrdered(operation))
  if (difference !== undefined) {
    throw new Error(`The results differ: ${difference}${reasonOf(outcome)}${statements(sent)}`)
  }
  if (outcome.kind === "answered") await checkRespelt(pair, operation, encryptedManager, outcome)
  return outcome
}

/** What objects ask is answered alike where strings ask it, or refused: by few bits, and of what has no index. */
async function checkRespelt(
  { encrypted, log, variant }: Pair,
  operation: Operation,
  manager: EntityManager,
  answered: Outcome,
): Promise<void> {
  const other = respelt(operation)
  if (!other) return
  log.clear()
  const outcome = await outcomeOf(() => runOperation(encrypted, manager, other))
  const sent = statementsOf(log)
  if (!variant.legacy) assertNoPlaintext(sent, outcome)
  if (outcome.kind === "refused") {
    assertNotSent(other, sent, outcome.error)
    return
  }
  const difference = differenceOf(answered, outcome, isOrdered(operation))
  if (difference === undefined) return
  throw new Error(
    `Strings say another thing: ${difference}${reasonOf(outcome)}${statements(sent)}\n${JSON.stringify(other)}`,
  )
}

function reasonOf(outcome: Outcome): string {
  return outcome.kind === "answered" ? "" : `\n${outcome.error.stack ?? outcome.error.message}`
}

type Statements = Pair["log"]["statements"]

/** What was sent for the caller. A look whether an index has a value for every row is not. */
function statementsOf({ statements }: Pair["log"]): Statements {
  return statements.filter(({ sql }) => !sql.startsWith("SELECT 1 AS missing "))
}

function statements(sent: Statements): string {
  return sent.map(({ sql, parameters }) => `\n  ${sql} -- ${inspect(parameters)}`).join("")
}

/** save() loads first, and writes one entity before it comes to the next: the tables show if it is undone. */
function assertNotSent({ kind }: Operation, sent: Statements, error: Error): void {
  if (kind === "persist" || sent.length === 0) return
  throw new Error(`Refused after it was sent: ${error.message}${statements(sent)}`)
}

function assertNoPlaintext(sent: Statements, outcome: Outcome): void {
  const leaking = sent.filter((one) => showsPlaintext(JSON.stringify(one)))
  if (leaking.length > 0) throw new Error(`A plaintext was sent:${statements(leaking)}`)
  if (outcome.kind === "answered") return
  const shown = `${inspect(outcome.error, { depth: 6 })} ${JSON.stringify(outcome.error)}`
  if (showsPlaintext(shown)) throw new Error(`A plaintext is in an error: ${shown}`)
  if (outcome.kind === "refused" && shown.split(/["'\s]/).some(isToken)) {
    throw new Error(`A token is in an error: ${shown}`)
  }
}

/** Tokens and index values are random, and hold whatever looks like a marker now and then. */
function showsPlaintext(text: string): boolean {
  return MARKER.test(text.replaceAll(/gAAAAA[\w-]+=*|[0-9a-f]{32,}/g, ""))
}

async function compareTables({ plain, encrypted }: Pair): Promise<void> {
  const expected = await plain.tables.read()
  const stored = await encrypted.tables.read()
  if (isDeepStrictEqual(stored, expected)) return
  for (const [name, rows] of Object.entries(expected)) {
    const others = stored[name] ?? []
    const at = rows.findIndex((row, i) => !isDeepStrictEqual(row, others[i]))
    const length = `${rows.length} and ${others.length} rows`
    if (at < 0 && rows.length === others.length) continue
    throw new Error(
      `The table ${name} differs, ${length}: plain ${inspect(rows[at])}, encrypted ${inspect(others[at])}`,
    )
  }
}
