import { setTimeout as sleep } from "node:timers/promises"

import type { DataSource, QueryRunner } from "typeorm"

import { openSession, type Session } from "../../dialect/session"

/** How often a statement is tried again before its error is final. */
const MAX_RETRIES = 10
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 2000

/** Runs statements on a connection, and tries again what may succeed the next time. */
export interface Worker {
  /** Whether a transaction of the caller's is open, in which an error is final. */
  readonly inTransaction: boolean

  /**
   * Runs an operation on the connection. `attempt` counts from 0: an operation that lost against
   * locks may ask for less the next time.
   */
  run<Result>(operation: (session: Session, attempt: number) => Promise<Result>): Promise<Result>

  /** Has an operation run on every connection that replaces one that was lost. */
  onReconnect(operation: (session: Session) => Promise<void>): void

  /** Whether an operation failed because others held locks. */
  isLock(error: unknown): boolean

  /** Gives back what the worker took, as it was. Never fails. */
  close(): Promise<void>
}

/** A worker on a connection of its own, which is replaced when it is lost. */
export async function openWorker(dataSource: DataSource, lockTimeoutMs: number): Promise<Worker> {
  let runner = dataSource.createQueryRunner()
  let restore: () => Promise<void> = () => Promise.resolve()
  let session = await begin()
  let reconnected: (session: Session) => Promise<void> = () => Promise.resolve()

  async function begin(): Promise<Session> {
    try {
      const opened = await openSession(runner, dataSource.options.type)
      restore = await opened.dialect.prepareSession(opened.connection, lockTimeoutMs)
      return opened
    } catch (error) {
      await end()
      throw error
    }
  }

  async function end(): Promise<void> {
    await restore().catch(() => undefined)
    restore = () => Promise.resolve()
    await runner.release().catch(() => undefined)
  }

  async function reconnect(): Promise<void> {
    await end()
    runner = dataSource.createQueryRunner()
    session = await begin()
    await reconnected(session)
  }

  return {
    inTransaction: false,

    run: (operation) =>
      retrying(
        (attempt) => operation(session, attempt),
        (error) => session.dialect.transience(error),
        () => retrying(reconnect, () => "lock"),
      ),

    onReconnect(operation) {
      reconnected = operation
    },

    isLock: (error) => session.dialect.transience(error) === "lock",

    close: end,
  }
}

/** A worker on a query runner of the caller's, which stays connected as it is. */
export async function borrowWorker(
  runner: QueryRunner,
  driver: DataSource["options"]["type"],
  lockTimeoutMs: number,
): Promise<Worker> {
  const session = await openSession(runner, driver)
  const inTransaction = runner.isTransactionActive
  const { connection, dialect } = session
  // A transaction waits for locks as long as its owner wants it to
  const restore = await dialect.prepareSession(
    connection,
    inTransaction ? undefined : lockTimeoutMs,
  )
  const isLock = (error: unknown): boolean => dialect.transience(error) === "lock"
  return {
    inTransaction,

    run: (operation) =>
      inTransaction
        ? operation(session, 0)
        : retrying(
            (attempt) => operation(session, attempt),
            (error) => (isLock(error) ? "lock" : undefined),
          ),

    onReconnect() {
      // It stays connected as it is
    },

    isLock,

    close: async () => {
      await restore().catch(() => undefined)
    },
  }
}

async function retrying<Result>(
  operation: (attempt: number) => Promise<Result>,
  transience: (error: unknown) => "connection" | "lock" | undefined,
  reconnect: () => Promise<void> = () => Promise.resolve(),
): Promise<Result> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await operation(attempt)
    } catch (error) {
      const why = transience(error)
      if (why === undefined || attempt >= MAX_RETRIES) throw error
      await pauseAfter(attempt)
      // A server that restarts refuses connections for a while
      if (why === "connection") await reconnect()
    }
  }
}

/** Rests before something is tried again, the longer the more often that was, counted from 0. */
export async function pauseAfter(attempt: number): Promise<void> {
  const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt)
  // Two that failed against each other must not meet again
  await sleep(pause * (0.5 + Math.random()))
}
