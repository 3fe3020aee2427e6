/** The databases tests loop over. */
export const databaseNames = ["PostgreSQL", "MariaDB", "SQLite"] as const

/** One of the databases tests loop over. */
export type DatabaseName = (typeof databaseNames)[number]

const spellings: Readonly<Record<string, DatabaseName>> = {
  postgres: "PostgreSQL",
  postgresql: "PostgreSQL",
  mariadb: "MariaDB",
  mysql: "MariaDB",
  sqlite: "SQLite",
}

/**
 * Returns the databases `DATABASES` asks for, such as `DATABASES=postgres,sqlite`, or undefined
 * when it is not set, which means: all there are.
 *
 * @throws if it names a database there is not
 */
export function databasesAskedFor(): ReadonlySet<DatabaseName> | undefined {
  const value = process.env.DATABASES
  if (!value) return undefined
  return new Set(value.split(",").map(spelledOut))
}

function spelledOut(word: string): DatabaseName {
  const name = spellings[word.trim().toLowerCase()]
  if (name) return name
  throw new Error(`DATABASES names "${word}"; it can name postgres, mariadb and sqlite.`)
}
