import type { Logger } from "typeorm"

/** Keeps everything TypeORM logs: statements, parameters, errors, messages. */
export class RecordingLogger implements Logger {
  readonly entries: unknown[][] = []

  logQuery(query: string, parameters?: unknown[]): void {
    this.entries.push(["query", query, parameters])
  }
  logQueryError(error: string | Error, query: string, parameters?: unknown[]): void {
    this.entries.push(["error", error, query, parameters])
  }
  logQuerySlow(time: number, query: string, parameters?: unknown[]): void {
    this.entries.push(["slow", time, query, parameters])
  }
  logSchemaBuild(message: string): void {
    this.entries.push(["schema", message])
  }
  logMigration(message: string): void {
    this.entries.push(["migration", message])
  }
  log(level: "info" | "log" | "warn", message: unknown): void {
    this.entries.push([level, message])
  }

  /** The statements logged so far, leaving out what only opens and closes transactions. */
  get statements(): string[] {
    return this.entries
      .filter(([kind]) => kind === "query")
      .map(([, query]) => String(query))
      .filter((query) => !/^(?:BEGIN|START|COMMIT|ROLLBACK)\b/.test(query))
  }
}
