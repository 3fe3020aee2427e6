import type { Logger } from "typeorm"

/** Remembers what TypeORM sent last. */
export class LastStatement implements Logger {
  sql = ""
  parameters: readonly unknown[] = []

  logQuery(sql: string, parameters: unknown[] = []): void {
    this.sql = sql
    this.parameters = parameters
  }

  readonly logQueryError = (): void => undefined
  readonly logQuerySlow = (): void => undefined
  readonly logSchemaBuild = (): void => undefined
  readonly logMigration = (): void => undefined
  readonly log = (): void => undefined
}
