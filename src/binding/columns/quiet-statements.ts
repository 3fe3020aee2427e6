import { errorMonitor } from "node:events"
import type { Readable } from "node:stream"

import type { DataSource, Logger, QueryRunner } from "typeorm"

import { type Method, MethodReplacements } from "../method-replacements"
import { type Broadcaster, broadcasterOf, type Driver } from "../typeorm-internals"
import { redactError, redactParameters, type Sought, soughtIn } from "./sought-plaintext"

/** Where loggers are given the parameters of a statement, which follow it. */
const LOGGED: Readonly<Partial<Record<PropertyKey, number>>> = {
  logQuery: 1,
  logQueryError: 2,
  logQuerySlow: 2,
}

/**
 * Sends the statements that seek legacy plaintext so that whoever is told of them is not shown what is
 * sought: the logger of a DataSource, its subscribers, and who catches the error. The others go as ever.
 */
export class QuietStatements {
  readonly #dataSource: DataSource
  #watchesLogger = false
  /** What is sought by the statements that are under way, by their query runner. */
  readonly #underWay = new Map<QueryRunner, readonly Sought[]>()
  readonly #broadcasters: MethodReplacements<Broadcaster>

  constructor(dataSource: DataSource) {
    this.#dataSource = dataSource
    const redacting = (at: number) => (broadcaster: Broadcaster, tell: Method, args: unknown[]) =>
      tell.apply(broadcaster, this.#redacted(args, at, broadcaster.queryRunner))
    this.#broadcasters = new MethodReplacements<Broadcaster>({
      broadcastBeforeQueryEvent: redacting(2),
      broadcastAfterQueryEvent: redacting(2),
    })
  }

  /** Has every query runner of a driver send statements so. */
  wrapRunners(driver: Driver): void {
    const replacements = new MethodReplacements<QueryRunner>({
      query: (runner, query, args) => {
        const hidden = soughtIn(args[1])
        const send = (): unknown => query.apply(runner, args)
        return hidden ? this.#send(runner, args, hidden, send) : send()
      },
      stream: (runner, stream, args) => {
        const hidden = soughtIn(args[1])
        const send = (): unknown => stream.apply(runner, args)
        return hidden ? this.#stream(runner, args, hidden, send) : send()
      },
    })
    const createQueryRunner = driver.createQueryRunner.bind(driver)
    driver.createQueryRunner = (mode) => {
      const runner = createQueryRunner(mode)
      // SQLite's driver returns the same one again and again
      replacements.assignTo(runner)
      return runner
    }
  }

  async #send(
    runner: QueryRunner,
    [statement]: readonly unknown[],
    hidden: Sought,
    send: () => unknown,
  ): Promise<unknown> {
    this.#watchLogger()
    this.#broadcasters.assignTo(broadcasterOf(runner))
    this.#underWay.set(runner, [...(this.#underWay.get(runner) ?? []), hidden])
    try {
      return await send()
    } catch (error) {
      redactError(error, hidden, statement)
      throw error
    } finally {
      const others = this.#underWay.get(runner)?.filter((one) => one !== hidden) ?? []
      if (others.length > 0) this.#underWay.set(runner, others)
      else this.#underWay.delete(runner)
    }
  }

  async #stream(
    runner: QueryRunner,
    args: readonly unknown[],
    hidden: Sought,
    send: () => unknown,
  ): Promise<unknown> {
    const stream = (await this.#send(runner, args, hidden, send)) as Readable
    return stream.on(errorMonitor, (error) => {
      redactError(error, hidden, args[0])
    })
  }

  /**
   * Shows another logger while something is hidden, whatever others assign. Not before there is something
   * to hide: engines take long to read any property of an object that had one redefined.
   */
  #watchLogger(): void {
    if (this.#watchesLogger) return
    this.#watchesLogger = true
    let { logger } = this.#dataSource
    Object.defineProperty(this.#dataSource, "logger", {
      configurable: true,
      enumerable: true,
      get: () => (this.#underWay.size === 0 ? logger : this.#quiet(logger)),
      set: (replacement: Logger) => {
        logger = replacement
      },
    })
  }

  /** A logger that is told what is shown. All else of it is as it is. */
  #quiet(logger: Logger): Logger {
    return new Proxy(Object.create(logger) as Logger, {
      get: (_target, name) => {
        const member: unknown = Reflect.get(logger, name)
        if (typeof member !== "function") return member
        const at = LOGGED[name]
        return (...args: unknown[]): unknown =>
          Reflect.apply(
            member,
            logger,
            at === undefined ? args : this.#redacted(args, at, args[at + 1]),
          )
      },
      set: (_target, name, value) => Reflect.set(logger, name, value),
    })
  }

  /** What someone is told of a statement, and of the error before or after its parameters. */
  #redacted(args: readonly unknown[], at: number, runner: unknown): unknown[] {
    const statements = this.#underWay.get(runner as QueryRunner)
    if (!statements) return [...args]
    const hidden = new Set(statements.flatMap((one) => [...one]))
    return args.map((arg, i) => {
      if (i === at) return redactParameters(arg, hidden)
      if (arg instanceof Error) redactError(arg, hidden, args[at - 1])
      return arg
    })
  }
}
