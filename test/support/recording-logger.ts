import type { Logger } from "typeorm"

/** Records every statement TypeORM sends, with its parameters, as its logger is told of them. */
export class RecordingLogger implements Logger {
  readonly statements: { readonly sql: string; readonly parameters: readonly unknown[] }[] = []

  /** Forgets them. */
  clear(): void {
    this.statements.length = 0
  }

  logQuery(sql: string, parameters: readonly unknown[] = []): void {
    this.statements.push({ sql, parameters })
  }

  logQueryError(): void {
    // the statement was recorded when it was sent
  }

  logQuerySlow(): void {
    // as above
  }

  logSchemaBuild(): void {
    // as above
  }

  logMigration(): void {
    // not a statement
  }

  log(): void {
    // not a statement
  }
}
