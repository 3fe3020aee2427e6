import type { Logger } from "typeorm"

/** Keeps the last SELECT that TypeORM sent. */
export class LastSelect implements Logger {
  sql = ""
  parameters: readonly unknown[] = []

  logQuery(query: string, parameters: readonly unknown[] = []): void {
    if (!query.startsWith("SELECT")) return
    this.sql = query
    this.parameters = parameters
  }

  logQueryError(): void {
    return
  }
  logQuerySlow(): void {
    return
  }
  logSchemaBuild(): void {
    return
  }
  logMigration(): void {
    return
  }
  log(): void {
    return
  }
}
