import { areStatementsTold } from "./channels"
import type { EventKey, SearchCount } from "./events"
import type { Statement } from "./statement"
import { counting, Tally } from "./tally"

/** What is to be told of work. */
export interface Telling<Result> {
  /** What it is about. */
  readonly statement: () => Statement
  /** The blind indexes that it asks. */
  readonly searched: () => readonly SearchCount[]
  /** The rows that it was about, by its result. */
  readonly rows: (result: Result) => readonly EventKey[] | undefined
}

/** Does the work of a statement, and then tells whoever is told of it. Counts nothing for nobody. */
export async function toldStatement<Result>(
  telling: Telling<Result>,
  work: () => Promise<Result>,
): Promise<Result> {
  if (!areStatementsTold()) return work()
  const tally = new Tally(telling.statement())
  let result: Result
  try {
    result = await counting(tally, work)
  } catch (error) {
    tally.tell(telling.searched(), { error })
    throw error
  }
  tally.tell(telling.searched(), { rows: telling.rows(result) })
  return result
}

/** As {@link toldStatement}, for what is done at once and asks no index. */
export function toldAtOnce<Result>(
  telling: Omit<Telling<Result>, "searched">,
  work: () => Result,
): Result {
  if (!areStatementsTold()) return work()
  const tally = new Tally(telling.statement())
  let result: Result
  try {
    result = counting(tally, work)
  } catch (error) {
    tally.tell([], { error })
    throw error
  }
  tally.tell([], { rows: telling.rows(result) })
  return result
}
